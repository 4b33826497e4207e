import { expect, test } from 'vitest';
import { pictureNames } from './frame-source.js';
import { cameraOf } from './video.js';

test('pictures keep their names; those whose format is not written, or whose name is taken, have .png behind it', () => {
  expect(pictureNames(['a.jpg', 'b/A.JPEG', 'c.tiff', 'c.tiff.png', 'd.gif', 'D.webp', 'a.JPG'])).toEqual([
    ...['a.jpg', 'b/A.JPEG', 'c.tiff.png.png', 'c.tiff.png', 'd.gif.png', 'D.webp', 'a.JPG.png'],
  ]);
});

test.each([
  ['0', false, 'linux', 'v4l2', '/dev/video0'],
  ['/dev/video2', true, 'linux', 'v4l2', '/dev/video2'],
  ['1', false, 'darwin', 'avfoundation', '1:none'],
  ['video=Integrated Camera', false, 'win32', 'dshow', 'video=Integrated Camera'],
] as const)('camera %s (a device: %s) on %s', (input, isDevice, platform, format, device) => {
  const args = cameraOf(input, isDevice, platform)?.args ?? [];
  expect(args.slice(0, 2)).toEqual(['-f', format]);
  expect(args.at(-1)).toBe(device);
});

test.each([
  ['photo', false, 'linux'],
  ['-1', false, 'linux'],
  ['/dev/video0', false, 'darwin'],
  ['0', false, 'win32'],
  ['video=', false, 'win32'],
] as const)('%s (a device: %s) is no camera on %s', (input, isDevice, platform) => {
  expect(cameraOf(input, isDevice, platform)).toBeUndefined();
});
