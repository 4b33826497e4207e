import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { cacheFolder, type Environment } from './cache-folder.js';

const home = resolve('/home/someone');

test.each<[string, Environment, NodeJS.Platform, string]>([
  ['OTX_CACHE comes first', { OTX_CACHE: 'here', XDG_CACHE_HOME: '/xdg' }, 'linux', resolve('here')],
  ['XDG_CACHE_HOME', { XDG_CACHE_HOME: '/xdg' }, 'linux', join('/xdg', 'otx')],
  ['a relative XDG_CACHE_HOME is invalid', { XDG_CACHE_HOME: 'xdg' }, 'linux', join(home, '.cache', 'otx')],
  ['Linux', {}, 'linux', join(home, '.cache', 'otx')],
  ['macOS', { LOCALAPPDATA: '/no' }, 'darwin', join(home, '.cache', 'otx')],
  ['Windows', { LOCALAPPDATA: '/local', XDG_CACHE_HOME: '/no' }, 'win32', join('/local', 'otx')],
  ['Windows without its variable', {}, 'win32', join(home, 'AppData', 'Local', 'otx')],
])('%s', (_, environment, platform, folder) => {
  expect(cacheFolder(environment, platform, home)).toBe(folder);
});
