/**
 * @file The public names of the package with what their docstrings say: a page for people, and the gaps that are left. Reads
 * the sources through the compiler's own interface, which is marked unstable: the exact version of TypeScript is pinned.
 */
import {
  API,
  type Checker,
  type Symbol as Named,
  NodeBuilderFlags,
  type Project,
  SymbolFlags,
} from 'typescript/unstable/sync';

/** A module that users import, e.g. `otx` from `src/index.ts`. */
export interface Entry {
  readonly module: string;
  readonly path: string;
}

/** A documented thing: what it says, and how it is written. */
export interface Described {
  readonly name: string;
  /** Its declaration without body, on one line. */
  readonly code: string;
  /** Empty where there is no docstring. */
  readonly text: string;
  readonly tags: readonly { readonly name: string; readonly text: string }[];
  /** Types of this package that it mentions. */
  readonly mentions: readonly string[];
}

export type Kind = 'function' | 'class' | 'interface' | 'type' | 'value';

export interface Export extends Described {
  readonly kind: Kind;
  /** Of classes and interfaces, in the order of the source. */
  readonly members: readonly Described[];
}

export interface Module {
  readonly module: string;
  /** Sorted by name. */
  readonly exports: readonly Export[];
}

/** What members say of themselves, by name. */
export type Descriptions = Readonly<Record<string, string>>;

/**
 * Reads what the entries export.
 * @param config path of the tsconfig.json whose program holds them.
 * @param descriptions of members whose type follows from an entry of a record.
 * @throws Error naming an entry that is not part of the program.
 */
export function readApi(
  config: string,
  entries: readonly Entry[],
  descriptions: Descriptions = {},
): Module[] {
  const api = new API();
  try {
    const project = api.updateSnapshot({ openProjects: [config] }).getProjects()[0];
    if (!project) throw new Error(`${config}: no project`);
    return entries.map(({ module, path }) => {
      const file = project.program.getSourceFile(path);
      const symbol = file && project.checker.getSymbolAtLocation(file);
      if (!symbol) throw new Error(`${path} is no module of ${config}`);
      const exports = project.checker
        .getExportsOfModule(symbol)
        .map((name) => describeExport(name, project, descriptions));
      return { module, exports: exports.sort((a, b) => (a.name < b.name ? -1 : 1)) };
    });
  } finally {
    api.close();
  }
}

/** What has no docstring, one line each: `otx: TrainOptions.seed`. */
export function gapsOf(modules: readonly Module[]): string[] {
  return modules.flatMap(({ module, exports }) =>
    exports.flatMap(({ name, text, members }) => [
      ...(text === '' ? [`${module}: ${name}`] : []),
      ...members
        .filter(({ code, text }) => text === '' && !isTag(code))
        .map((member) => `${module}: ${name}.${member.name}`),
    ]),
  );
}

/** Types that a public declaration mentions and nobody can import, one line each. */
export function hiddenTypesOf(modules: readonly Module[]): string[] {
  return modules.flatMap(({ module, exports }) => {
    const known = new Set(exports.map(({ name }) => name));
    return exports.flatMap((item) =>
      [item, ...item.members].flatMap((described) =>
        described.mentions
          .filter((name) => !known.has(name))
          .map((name) => {
            const path = described === item ? item.name : `${item.name}.${described.name}`;
            return `${module}: ${path} mentions ${name}`;
          }),
      ),
    );
  });
}

/** Names of types in a declaration; those of one letter are parameters of it. */
const typesIn = (code: string): string[] => [
  ...new Set(code.replace(/'[^']*'|`[^`]*`|\/\*.*?\*\//g, '').match(/(?<![\w.])[A-Z]\w+/g) ?? []),
];

/** A member like `type: 'epoch'`, by which a union is told apart, says all with its value. */
const isTag = (code: string): boolean => /^\w+: '[^']*'$/.test(code);

function describeExport(alias: Named, project: Project, descriptions: Descriptions): Export {
  const { checker } = project;
  const symbol = alias.flags & SymbolFlags.Alias ? checker.getAliasedSymbol(alias) : alias;
  const kind = kindOf(symbol);
  const members =
    kind === 'class' || kind === 'interface'
      ? checker
          .getPropertiesOfType(checker.getDeclaredTypeOfSymbol(symbol))
          // What is inherited counts, unless it comes from the language.
          .filter((member) => member.declarations.some(({ path }) => !path.includes('/node_modules/')))
          .map((member) => describe(member, project, descriptions))
          .filter(({ code }) => !/^((private|protected)\b|#)/.test(code))
      : [];
  return { ...describe(symbol, project, descriptions), name: alias.name, kind, members };
}

function kindOf({ flags }: Named): Kind {
  if (flags & SymbolFlags.Class) return 'class';
  if (flags & SymbolFlags.Interface) return 'interface';
  if (flags & SymbolFlags.TypeAlias) return 'type';
  return flags & SymbolFlags.Function ? 'function' : 'value';
}

function describe(symbol: Named, project: Project, descriptions: Descriptions): Described {
  const { checker } = project;
  const entry = entryOf(symbol, project, descriptions[symbol.name]);
  if (entry) return { name: symbol.name, ...entry, tags: [], mentions: [] };
  const code = codeOf(symbol, project);
  return {
    name: symbol.name,
    code,
    text: symbol.getDocumentationComment(checker),
    tags: symbol.getJsDocTags(checker).map(({ name, text = '' }) => ({ name, text })),
    mentions: typesIn(code).filter((name) => !checker.resolveName(name, SymbolFlags.Type)),
  };
}

/**
 * A member whose type follows from an entry of a record: what the entry says about itself stands for the docstring.
 *
 * @returns undefined for any other.
 */
function entryOf(
  symbol: Named,
  project: Project,
  description: string | undefined,
): Pick<Described, 'code' | 'text'> | undefined {
  const entry = symbol.declarations[0]?.resolve(project)?.getText() ?? '';
  if (!/^\w+: \{/.test(entry)) return undefined;
  const field = (name: string) =>
    new RegExp(`^\\s+${name}:((?:[^,']|'[^']*')*),`, 'm').exec(entry)?.[1]?.trim();
  const [param, standard, file] = ['param', 'default', 'file'].map(field);
  if (description === undefined) return undefined;
  const type = typeText(symbol, project.checker)
    .replace(/ \| undefined$/, '')
    .replaceAll('"', "'");
  const decides = /^\s+usedBy:/m.test(entry) ? 'no trained model or template' : 'no template';
  const [inFiles] = [file ?? param].map((name) => name && `in files ${name.replaceAll("'", '`')}`);
  const about =
    standard === undefined ? inFiles : `default, where ${decides} says another, ${standard}; ${inFiles}`;
  const text = `${description}.${about === undefined ? '' : ` ${about[0]?.toUpperCase()}${about.slice(1)}.`}`;
  return { code: `${symbol.name}?: ${type}`, text: text[0]?.toUpperCase() + text.slice(1) };
}

function codeOf(symbol: Named, project: Project): string {
  const node = symbol.declarations[0]?.resolve(project);
  if (!node) throw new Error(`${symbol.name} is not declared anywhere`);
  if (symbol.flags & (SymbolFlags.Class | SymbolFlags.Interface)) return '';
  if (symbol.flags & SymbolFlags.Variable)
    return `const ${symbol.name}: ${typeText(symbol, project.checker)}`;
  const text = node.getText();
  // The text of the node itself starts behind its docstring; that of its body is not part of what it promises.
  const { body } = node as unknown as { readonly body?: { getText(): string } };
  const head = body === undefined ? text : text.slice(0, text.length - body.getText().length);
  const code = head
    .replace(/^(export |async |readonly |get )+/, '')
    .replace(/[;,\s]+$/, '')
    .replace(/\s+/g, ' ')
    .replace(/([([]) /g, '$1')
    .replace(/,? ([)\]])/g, '$1')
    .replace(/= \| /, '= ');
  if (symbol.flags & SymbolFlags.GetAccessor) return code.replace('()', '');
  // Where the text only points at a constant, the type that it comes to says more.
  const typed = /\btypeof\b/.test(code)
    ? code.replace(/(?<=[=:] ).*/, () => resolvedType(symbol, project.checker))
    : code;
  return symbol.flags & SymbolFlags.Optional ? typed.replace(/ \| undefined$/, '') : typed;
}

function resolvedType(symbol: Named, checker: Checker): string {
  const type =
    symbol.flags & SymbolFlags.TypeAlias
      ? checker.getDeclaredTypeOfSymbol(symbol)
      : checker.getTypeOfSymbol(symbol);
  if (!type) throw new Error(`${symbol.name} has no type`);
  const { InTypeAlias, NoTruncation, UseSingleQuotesForStringLiteralType } = NodeBuilderFlags;
  return checker.typeToString(
    type,
    undefined,
    InTypeAlias | NoTruncation | UseSingleQuotesForStringLiteralType,
  );
}

const typeText = (symbol: Named, checker: Checker): string => {
  const type = checker.getTypeOfSymbol(symbol);
  return type ? checker.typeToString(type) : 'unknown';
};

const GROUPS: readonly (readonly [string, readonly Kind[]])[] = [
  ['Functions and values', ['function', 'value']],
  ['Classes', ['class']],
  ['Types', ['interface', 'type']],
];

/** The page as Markdown. @param heading what stands above the first module. */
export function renderApi(heading: string, modules: readonly Module[]): string {
  const seen = new Map<string, string>();
  const lines = [heading.trim(), ''];
  for (const { module, exports } of modules) {
    lines.push(`## ${module}`, '');
    for (const [title, kinds] of GROUPS) {
      const group = exports.filter(({ kind }) => kinds.includes(kind));
      if (group.length === 0) continue;
      lines.push(`### ${title} of ${module}`, '');
      for (const item of group) {
        lines.push(`#### ${item.name}`, '');
        const earlier = seen.get(`${item.name} ${item.code} ${item.text}`);
        if (earlier) lines.push(`As in \`${earlier}\`.`, '');
        else lines.push(...renderExport(item));
        seen.set(`${item.name} ${item.code} ${item.text}`, module);
      }
    }
  }
  return `${lines.join('\n').trim()}\n`;
}

function renderExport({ code, text, tags, members }: Export): string[] {
  const lines = code === '' ? [] : ['```ts', code, '```', ''];
  if (text) lines.push(text, '');
  lines.push(...tags.map((tag) => `- ${tagText(tag)}`));
  lines.push(
    ...members.map((member) =>
      `- \`${member.code}\` ${[member.text, ...member.tags.map(tagText)].map(flat).join(' ')}`.trimEnd(),
    ),
  );
  if (lines.at(-1) !== '') lines.push('');
  return lines;
}

/** `@param x what it is` → "`x`: what it is". */
function tagText({ name, text }: Described['tags'][number]): string {
  if (name === 'param') {
    const [, parameter = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
    return `\`${parameter}\`: ${flat(rest)}`;
  }
  const words: Readonly<Record<string, string>> = { returns: 'Returns', throws: 'Throws' };
  return `${words[name] ?? `@${name}`} ${flat(text)}`;
}

const flat = (text: string): string => text.replace(/\s+/g, ' ').trim();
