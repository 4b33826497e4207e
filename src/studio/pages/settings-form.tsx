/** @file A form of all settings of a training, made of what the program says of them. */

/** A setting as the server describes it. */
export interface SettingInfo {
  readonly name: string;
  readonly type: string;
  readonly allowed: string;
  readonly words?: readonly string[];
  readonly default?: string | number | boolean;
  readonly param?: string;
  readonly flag?: string;
  readonly description: string;
}

/** Those that most trainings are about; the others are behind a fold. */
const FIRST = [
  'epochs',
  'timeBudgetSeconds',
  'batchSize',
  'inputSize',
  'learningRate',
  'augmentation',
  'loss',
  'pretrained',
];
/** The studio says them itself, or they are for other programs. */
const HIDDEN = new Set(
  'trainData validationData trainList valList valShare folds fold unlabeledData unlabeledFileList output loadWeights resumeFrom dataFormat writeMeta useOtxAdapter assume adaptedBatchSize trainType'.split(
    ' ',
  ),
);

/** What was typed, by the name of the setting; what is not there is chosen by the recipe. */
export type Typed = Readonly<Record<string, string>>;

interface FormProps {
  readonly infos: readonly SettingInfo[];
  readonly typed: Typed;
  readonly onChange: (typed: Typed) => void;
}

/** The form. */
export function SettingsForm({ infos, typed, onChange }: FormProps) {
  const shown = infos.filter(
    ({ name, param, flag, type }) => !HIDDEN.has(name) && (param ?? flag) !== undefined && type !== 'path',
  );
  const first = FIRST.flatMap((name) => shown.find((info) => info.name === name) ?? []);
  const others = shown.filter((info) => !first.includes(info));
  const set = (name: string, value: string) => {
    const { [name]: _, ...rest } = typed;
    onChange(value === '' ? rest : { ...rest, [name]: value });
  };
  const fields = (some: readonly SettingInfo[]) => (
    <div class="settings">
      {some.map((info) => (
        <Field
          key={info.name}
          info={info}
          value={typed[info.name] ?? ''}
          onChange={(value) => set(info.name, value)}
        />
      ))}
    </div>
  );
  return (
    <>
      <p class="quiet">What is left empty is chosen by the recipe, by the start and the images.</p>
      {fields(first)}
      <details>
        <summary>All {shown.length} settings</summary>
        {fields(others)}
      </details>
    </>
  );
}

interface FieldProps {
  readonly info: SettingInfo;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function Field({ info, value, onChange }: FieldProps) {
  const { name, description, allowed, words, type, default: standard } = info;
  const choices = words ?? (type === 'boolean' ? ['true', 'false'] : undefined);
  const empty = standard === undefined ? 'chosen by the recipe' : `by the recipe, else ${standard}`;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: one of both is there
    <label title={`${description} (${allowed})`}>
      {name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}
      {choices ? (
        <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
          <option value="">{empty}</option>
          {choices.map((word) => (
            <option key={word}>{word}</option>
          ))}
        </select>
      ) : (
        <input value={value} placeholder={empty} onInput={(event) => onChange(event.currentTarget.value)} />
      )}
      <small>{description}</small>
    </label>
  );
}
