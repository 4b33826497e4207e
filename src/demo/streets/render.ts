/** @file Ray-casts a scene to linear light and to the class of every pixel. */

import { fractal2, hash3, mix, noise2, noise3, smoothstep } from '../../synthesis/noise.js';
import { colourAt } from './materials.js';
import type { Scene, SceneObject } from './scene.js';
import { intersect, normalAt, type Shape, type Vector } from './shapes.js';

/** Linear light [height, width, 3] and class indices [height, width]. */
export interface Rendering {
  readonly light: Float32Array;
  readonly labels: Uint8Array;
}

/** Where to sample inside a pixel on an outline: a rotated grid resolves both upright and level edges in four steps. */
const SUBSAMPLES = [
  [0.375, 0.125],
  [0.875, 0.375],
  [0.125, 0.625],
  [0.625, 0.875],
] as const;

/** Half-width of the sun as seen from the ground, wide for soft shadows. */
const SUN_RADIUS = 0.025;

/**
 * Renders the picture. The class of a pixel is what its centre sees; outlines are anti-aliased.
 * @param width pixels.
 * @param height pixels.
 */
export function renderScene(scene: Scene, width: number, height: number): Rendering {
  const light = new Float32Array(width * height * 3);
  const labels = new Uint8Array(width * height);
  const surfaces = new Int32Array(width * height);
  const tracer = new Tracer(scene, width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      tracer.trace(x + 0.5, y + 0.5);
      labels[i] = tracer.classIndex;
      surfaces[i] = tracer.surface;
      light[3 * i] = tracer.colour[0]!;
      light[3 * i + 1] = tracer.colour[1]!;
      light[3 * i + 2] = tracer.colour[2]!;
    }
  }
  const sum = new Float64Array(3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x;
      const here = surfaces[i]!;
      const outline =
        (x > 0 && surfaces[i - 1] !== here) ||
        (y > 0 && surfaces[i - width] !== here) ||
        (x + 1 < width && surfaces[i + 1] !== here) ||
        (y + 1 < height && surfaces[i + width] !== here);
      if (!outline) continue;
      sum.fill(0);
      for (const [dx, dy] of SUBSAMPLES) {
        tracer.trace(x + dx, y + dy);
        for (let channel = 0; channel < 3; channel++)
          sum[channel]! += tracer.colour[channel]! / SUBSAMPLES.length;
      }
      light.set(sum, 3 * i);
    }
  }
  return { light, labels };
}

const SKY = -3;
const HILLS = -2;
const GROUND = -1;

/** Follows one view ray at a time; results are left in its fields so that nothing is allocated per ray. */
class Tracer {
  readonly colour = new Float64Array(3);
  classIndex = 0;
  /** Equal for points of one smooth surface. */
  surface = SKY;

  private readonly scene: Scene;
  private readonly width: number;
  private readonly height: number;
  private readonly rollSin: number;
  private readonly rollCos: number;
  private readonly normal: Vector = { x: 0, y: 0, z: 0 };
  private readonly firstShape: readonly number[];

  constructor(scene: Scene, width: number, height: number) {
    this.scene = scene;
    this.width = width;
    this.height = height;
    this.rollSin = Math.sin(scene.camera.roll);
    this.rollCos = Math.cos(scene.camera.roll);
    this.firstShape = scene.objects.map((_, index) =>
      scene.objects.slice(0, index).reduce((total, object) => total + object.shapes.length, 0),
    );
  }

  trace(px: number, py: number): void {
    const { camera, objects } = this.scene;
    const u = (px - this.width / 2) / (camera.focal * this.width);
    const v = (this.height / 2 - py) / (camera.focal * this.width);
    const shift = ((0.5 - camera.horizon) * this.height) / (camera.focal * this.width);
    const rx = u * this.rollCos - v * this.rollSin;
    const ry = u * this.rollSin + v * this.rollCos - shift;
    const length = Math.sqrt(rx * rx + ry * ry + 1);
    const dx = rx / length;
    const dy = ry / length;
    const dz = 1 / length;

    let distance = dy < 0 ? -camera.y / dy : Infinity;
    let hit: Shape | undefined;
    let surface = GROUND;
    let classIndex = 1;
    for (let index = 0; index < objects.length; index++) {
      const object = objects[index]!;
      if (misses(object, 0, camera.y, 0, dx, dy, dz)) continue;
      const { shapes } = object;
      for (let k = 0; k < shapes.length; k++) {
        const shape = shapes[k]!;
        const t = intersect(shape, 0, camera.y, 0, dx, dy, dz);
        if (t < distance) {
          distance = t;
          hit = shape;
          // A crown is one surface: smoothing every leaf ball against the next would cost much and show little.
          surface = this.firstShape[index]! + (shape.ragged > 0 ? 1 : k);
          classIndex = object.classIndex;
        }
      }
    }
    if (distance === Infinity) {
      this.sky(dx, dy, dz);
      this.classIndex = 0;
      return;
    }
    this.surface = surface;
    this.classIndex = classIndex;
    const x = dx * distance;
    const y = camera.y + dy * distance;
    const z = dz * distance;
    const footprint = distance / (camera.focal * this.width);
    if (hit === undefined) this.ground(x, z, footprint, -dy);
    else this.solid(hit, x, y, z, dx, dy, dz, footprint);
    this.haze(distance);
  }

  private ground(x: number, z: number, footprint: number, slant: number): void {
    const { ground, objects } = this.scene;
    const stretched = footprint / Math.max(slant, 0.02);
    let blend = fractal2(x * 0.45, z * 0.45, 3, ground.layer);
    blend = smoothstep(0.25, 0.75, blend);
    let shade = 1;
    for (let octave = 0; octave < 3; octave++) {
      const frequency = 5 << octave;
      const visible = Math.min(1, 0.5 / (frequency * stretched)) ** 1.5;
      if (visible > 0.05) {
        shade +=
          ground.grain *
          visible *
          (noise2(x * frequency, z * frequency, ground.layer + 9 + octave) - 0.5) *
          0.75;
      }
    }
    if (ground.tile > 0) {
      const u = x / ground.tile;
      const v = z / ground.tile;
      const iu = Math.floor(u);
      const iv = Math.floor(v);
      const fade = Math.min(1, 0.06 / (stretched / ground.tile));
      shade *= 1 + fade * 0.35 * (hash3(iu, iv, ground.layer) - 0.5);
      if (u - iu < 0.06 || v - iv < 0.06) shade *= 1 - 0.45 * fade;
    }
    for (let channel = 0; channel < 3; channel++) {
      this.colour[channel] = mix(ground.first[channel]!, ground.second[channel]!, blend) * shade;
    }
    let open = 1;
    for (let index = 0; index < objects.length; index++) {
      const object = objects[index]!;
      const reach = 2 * object.foot;
      const dx = object.bound.x - x;
      const dz = object.bound.z - z;
      const away = Math.sqrt(dx * dx + dz * dz);
      if (away < reach) open *= 1 - 0.6 * (1 - away / reach) ** 1.5;
    }
    this.normal.x = 0;
    this.normal.y = 1;
    this.normal.z = 0;
    this.shade(x, 1e-3, z, 0, 0, 0, 0, open);
  }

  private solid(
    shape: Shape,
    x: number,
    y: number,
    z: number,
    dx: number,
    dy: number,
    dz: number,
    footprint: number,
  ): void {
    const { normal } = this;
    const material = this.scene.materials[shape.material]!;
    normalAt(shape, x, y, z, normal);
    colourAt(material, shape, x, y, z, normal, footprint, this.colour);
    let open = 0.55 + 0.45 * Math.min(1, y / 0.5);
    if (shape.ragged > 0) {
      const rough = Math.min(1.4, 0.12 / footprint);
      normal.x += rough * (noise3(x * 7, y * 7, z * 7) - 0.5);
      normal.y += rough * (noise3(x * 7 + 31, y * 7, z * 7) - 0.5) + 0.15;
      normal.z += rough * (noise3(x * 7, y * 7 + 31, z * 7) - 0.5);
      const length = Math.sqrt(normal.x * normal.x + normal.y * normal.y + normal.z * normal.z);
      normal.x /= length;
      normal.y /= length;
      normal.z /= length;
      open *= 0.7 + 0.3 * normal.y;
    }
    this.shade(x, y, z, dx, dy, dz, material.gloss, open);
  }

  /** Turns the surface colour into light: sky from above, bounce from below, sun where nothing is in its way. */
  private shade(
    x: number,
    y: number,
    z: number,
    dx: number,
    dy: number,
    dz: number,
    gloss: number,
    open: number,
  ): void {
    const { scene, normal, colour } = this;
    const jitter = Math.floor(x * 4096) ^ Math.imul(Math.floor(z * 4096), 31);
    const sx = scene.sun.x + SUN_RADIUS * (2 * hash3(jitter, 1, 0) - 1);
    const sy = scene.sun.y + SUN_RADIUS * (2 * hash3(jitter, 2, 0) - 1);
    const sz = scene.sun.z + SUN_RADIUS * (2 * hash3(jitter, 3, 0) - 1);
    const facing = normal.x * scene.sun.x + normal.y * scene.sun.y + normal.z * scene.sun.z;
    const lit =
      facing > 0 && !this.blocked(x + normal.x * 0.01, y + normal.y * 0.01, z + normal.z * 0.01, sx, sy, sz)
        ? 1
        : 0;
    const up = 0.5 + 0.5 * normal.y;
    let shine = 0;
    if (gloss > 0 && lit > 0) {
      const mirror = 2 * (dx * normal.x + dy * normal.y + dz * normal.z);
      const along =
        (dx - mirror * normal.x) * scene.sun.x +
        (dy - mirror * normal.y) * scene.sun.y +
        (dz - mirror * normal.z) * scene.sun.z;
      if (along > 0) shine = gloss * along ** 40;
    }
    for (let channel = 0; channel < 3; channel++) {
      const sky = 0.35 * (scene.zenith[channel]! + scene.horizon[channel]!);
      const bounce = 0.5 * scene.ground.first[channel]! * (0.4 + 0.6 * scene.sun.y);
      const sun = scene.sunColour[channel]!;
      colour[channel] = colour[channel]! * (open * mix(bounce, sky, up) + lit * facing * sun) + shine * sun;
    }
  }

  private blocked(x: number, y: number, z: number, dx: number, dy: number, dz: number): boolean {
    const length = Math.sqrt(dx * dx + dy * dy + dz * dz);
    const ux = dx / length;
    const uy = dy / length;
    const uz = dz / length;
    const { objects } = this.scene;
    for (let index = 0; index < objects.length; index++) {
      const object = objects[index]!;
      if (misses(object, x, y, z, ux, uy, uz)) continue;
      const { shapes } = object;
      for (let k = 0; k < shapes.length; k++) {
        if (intersect(shapes[k]!, x, y, z, ux, uy, uz) < Infinity) return true;
      }
    }
    return false;
  }

  private haze(distance: number): void {
    const clear = Math.exp(-distance * this.scene.haze);
    for (let channel = 0; channel < 3; channel++) {
      this.colour[channel] = mix(this.scene.horizon[channel]!, this.colour[channel]!, clear);
    }
  }

  private sky(dx: number, dy: number, dz: number): void {
    const { scene, colour } = this;
    const { hills } = scene;
    const side = dx / dz;
    if (dy < 2.2 * hills.height) {
      const far = hills.height * 2 * fractal2(side * 2.2 + 50, 0, 5, hills.layer);
      const near = hills.height * 1.2 * fractal2(side * 4 + 90, 0, 5, hills.layer + 40) - 0.02;
      if (dy < Math.max(far, near)) {
        const closer = dy < near;
        const veil = Math.min((closer ? 0.35 : 0.65) + 8 * scene.haze, 0.93);
        const texture = 0.8 + 0.4 * noise2(side * 60, dy * 90, hills.layer + 80);
        for (let channel = 0; channel < 3; channel++) {
          const lit = hills.colour[channel]! * texture * (0.4 + 0.5 * scene.sunColour[channel]!);
          colour[channel] = mix(lit, scene.horizon[channel]!, veil);
        }
        this.surface = HILLS - (closer ? 10 : 11);
        return;
      }
    }
    this.surface = SKY;
    const height = Math.sqrt(Math.max(dy, 0));
    const plane = 1 / (Math.max(dy, 0) + 0.12);
    const density = fractal2(dx * plane * 1.6, dz * plane * 1.6, 4, scene.layer);
    const cloud = scene.clouds * smoothstep(0.42, 0.72, density) * smoothstep(0, 0.12, dy);
    const towards = dx * scene.sun.x + dy * scene.sun.y + dz * scene.sun.z;
    const glow = towards > 0 ? 0.35 * towards ** 12 + 0.6 * towards ** 200 : 0;
    for (let channel = 0; channel < 3; channel++) {
      const clear = mix(scene.horizon[channel]!, scene.zenith[channel]!, height);
      const white = 0.35 * scene.horizon[channel]! + 0.5 * Math.min(scene.sunColour[channel]!, 1.2);
      colour[channel] = mix(clear, white, cloud) + glow * scene.sunColour[channel]!;
    }
  }
}

/** Whether a ray (unit direction) stays outside the sphere around an object. */
function misses(
  { bound }: SceneObject,
  ox: number,
  oy: number,
  oz: number,
  dx: number,
  dy: number,
  dz: number,
): boolean {
  const x = bound.x - ox;
  const y = bound.y - oy;
  const z = bound.z - oz;
  const along = x * dx + y * dy + z * dz;
  const square = x * x + y * y + z * z;
  const radius = bound.radius * bound.radius;
  return square > radius && (along < 0 || square - along * along > radius);
}
