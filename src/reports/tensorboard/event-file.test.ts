import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { MANIFEST_FILE } from '../../base/outputs/manifest.js';
import { Outputs } from '../../base/outputs/outputs.js';
import { crc32c, maskedCrc32c } from './crc32c.js';
import { createEventFile, isEventFile, readEvents, truncateEvents } from './event-file.js';
import { frameRecord, readRecords } from './records.js';

const text = (words: string) => new TextEncoder().encode(words);

describe('checksums', () => {
  test('CRC-32C gives the check value of its specification and those of RFC 3720', () => {
    expect(crc32c(text('123456789'))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });

  test('the mask rotates by 15 bits and adds a constant', () => {
    const crc = 0xe3069283;
    const rotated = ((crc >>> 15) | (crc << 17)) >>> 0;
    expect(maskedCrc32c(text('123456789'))).toBe((rotated + 0xa282ead8) % 2 ** 32);
  });
});

describe('records', () => {
  test('are read back; any flipped bit is noticed', () => {
    const file = Buffer.concat([frameRecord(text('one')), frameRecord(text(''))]);
    const read = Array.from(readRecords(file, 'f'), ({ data }) => Buffer.from(data).toString());
    expect(read).toEqual(['one', '']);
    for (let i = 0; i < file.length; i++) {
      const damaged = Uint8Array.from(file);
      damaged[i]! ^= 4;
      expect(() => [...readRecords(damaged, 'f')], `byte ${i}`).toThrow(/f: the record at byte (0|19)/);
    }
    for (let length = 20; length < file.length; length++) {
      expect(() => [...readRecords(file.subarray(0, length), 'f')], `length ${length}`).toThrow('cut off');
    }
  });
});

describe('event files', () => {
  let folder: string;
  let outputs: Outputs;
  const eventFiles = async () => (await readdir(folder)).filter((name) => name !== MANIFEST_FILE).sort();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'otx-events-'));
    outputs = await Outputs.open({ root: folder, recognise: isEventFile });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('begin with the version of the format and hold scalars and images', async () => {
    const events = createEventFile(outputs, undefined, () => 1_700_000_000_500);
    events.scalars(1, { 'train/loss': 0.5, 'train/learning_rate': 0.25, 'metrics/mDice': Number.NaN });
    events.scalars(2, { 'train/loss': Number.POSITIVE_INFINITY });
    await events.flush();
    events.image(2, 'validation', { width: 3, height: 2, file: Uint8Array.of(1, 2, 3) });
    await Promise.all([events.flush(), events.flush()]);

    expect(await eventFiles()).toEqual(['events.out.tfevents.01700000000500.otx']);
    const read = await readEvents(events.path);
    expect(read.map(({ step, wallTime }) => [Number(step), wallTime])).toEqual([
      [0, 1_700_000_000.5],
      [1, 1_700_000_000.5],
      [2, 1_700_000_000.5],
    ]);
    expect(read[0]?.what).toEqual({ case: 'fileVersion', value: 'brain.Event:2' });
    expect(read[1]?.what.value).toMatchObject({
      value: [
        { tag: 'train/loss', value: { case: 'simpleValue', value: 0.5 } },
        { tag: 'train/learning_rate', value: { case: 'simpleValue', value: 0.25 } },
      ],
    });
    const image = { width: 3, height: 2, colorspace: 3, encodedImageString: Uint8Array.of(1, 2, 3) };
    expect(read[2]?.what.value).toMatchObject({
      value: [{ tag: 'validation', value: { case: 'image', value: image } }],
    });
  });

  test('the bytes of the first record are those that TensorFlow writes', async () => {
    // Wall time 0 and step 0 are defaults and leave no bytes: field 3, length 13, "brain.Event:2".
    const events = createEventFile(outputs, undefined, () => 0);
    await events.flush();
    const bytes = await readFile(events.path);
    expect(bytes.subarray(0, 8)).toEqual(Buffer.from([15, 0, 0, 0, 0, 0, 0, 0]));
    expect(bytes.subarray(12, 27)).toEqual(Buffer.from('\x1a\x0dbrain.Event:2', 'latin1'));
    expect(bytes.length).toBe(31);
  });

  test('a resumed run keeps each step once, also after a kill in the middle of a record', async () => {
    const first = createEventFile(outputs, undefined, () => 1000);
    for (const step of [1, 2, 3]) first.scalars(step, { loss: step });
    first.scalars(1, { late: 1 });
    await first.flush();
    const whole = (await readFile(first.path)).length;
    await appendFile(first.path, frameRecord(text('never finished')).subarray(0, 20));

    await truncateEvents(outputs, 3);
    expect((await readFile(first.path)).length).toBe(whole);
    await truncateEvents(outputs, 2);
    const second = createEventFile(outputs, 2, () => 2000);
    second.scalars(3, { loss: 30 });
    await second.flush();

    const kept = await readEvents(first.path);
    expect(kept.map(({ step }) => Number(step))).toEqual([0, 1, 2, 1]);
    const added = await readEvents(second.path);
    expect(added.map(({ step, what }) => [Number(step), what.case])).toEqual([
      [0, 'fileVersion'],
      [3, 'sessionLog'],
      [3, 'summary'],
    ]);
    expect(added[1]?.what.value).toMatchObject({ status: 1 });
    expect((await eventFiles())[0]).toBe(first.path.slice(folder.length + 1));
  });

  test('events that could not be written are written by the next flush', async () => {
    const root = join(folder, 'later');
    const later = await Outputs.open({ root });
    await rm(root, { recursive: true });
    await writeFile(root, 'in the way');
    const events = createEventFile(later);
    events.scalars(1, { loss: 1 });
    await expect(events.flush()).rejects.toMatchObject({ code: 'output' });
    await rm(root);
    await events.flush();
    expect(await readEvents(events.path)).toHaveLength(2);
  });

  test('of version 0.1.0, which kept no record, are truncated as well; those of others stay', async () => {
    const first = createEventFile(outputs, undefined, () => 1000);
    for (const step of [1, 2]) first.scalars(step, { loss: step });
    await first.flush();
    await rm(join(folder, MANIFEST_FILE));
    const others = {
      'events.out.tfevents.1700000000.host': 'x',
      'events.out.tfevents.00000000000007.otx': 'notes',
    };
    for (const [name, text] of Object.entries(others)) await writeFile(join(folder, name), text);
    const again = await Outputs.open({ root: folder, recognise: isEventFile });
    await expect(truncateEvents(again, 1)).rejects.toMatchObject({ code: 'output' });
    await rm(join(folder, 'events.out.tfevents.00000000000007.otx'));
    await truncateEvents(again, 1);
    expect((await readEvents(first.path)).map(({ step }) => Number(step))).toEqual([0, 1]);
    expect(await readFile(join(folder, 'events.out.tfevents.1700000000.host'), 'utf8')).toBe('x');
  });
});
