/** Images (N, C, H, W) in [-1, 1] on a canvas, and numbers that a text can say of them. */

import type { Output } from "./model.ts";

const GAP = 2;

/** Images beside each other, `columns` in a row, each pixel `scale` wide; between them the page shows through. */
export function paint(canvas: HTMLCanvasElement, images: Output, columns: number, scale = 2): void {
  const [count, , height, width] = sizes(images);
  const rows = Math.ceil(count / columns);
  canvas.width = columns * width * scale + (columns - 1) * GAP;
  canvas.height = rows * height * scale + (rows - 1) * GAP;
  const context = canvas.getContext("2d")!;
  context.imageSmoothingEnabled = false;
  for (let i = 0; i < count; i++) {
    const [left, top] = [(i % columns) * (width * scale + GAP), Math.floor(i / columns) * (height * scale + GAP)];
    context.drawImage(bitmap(images, i), left, top, width * scale, height * scale);
  }
}

function bitmap(images: Output, index: number): HTMLCanvasElement {
  const [, channels, height, width] = sizes(images);
  const one = Object.assign(document.createElement("canvas"), { width, height });
  const pixels = new ImageData(width, height);
  const area = width * height;
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) {
      const value = images.data[(index * channels + (channels === 3 ? c : 0)) * area + i]!;
      pixels.data[4 * i + c] = Math.round((value + 1) * 127.5); // clamped by the array
    }
    pixels.data[4 * i + 3] = 255;
  }
  one.getContext("2d")!.putImageData(pixels, 0, 0);
  return one;
}

export function sizes({ shape }: Output): [count: number, channels: number, height: number, width: number] {
  const [count = 0, channels = 0, height = 0, width = 0] = shape;
  return [count, channels, height, width];
}

/** Some of the images. */
export function part(images: Output, from: number, to: number): Output {
  const size = images.data.length / (images.shape[0] ?? 1);
  return { data: images.data.slice(from * size, to * size), shape: [to - from, ...images.shape.slice(1)] };
}

/** Grey as three equal channels. */
export function coloured(images: Output): Output {
  const [count, channels, height, width] = sizes(images);
  if (channels === 3) return images;
  const area = height * width;
  const data = new Float32Array(3 * images.data.length);
  for (let i = 0; i < count; i++) {
    for (let c = 0; c < 3; c++) data.set(images.data.subarray(i * area, (i + 1) * area), (3 * i + c) * area);
  }
  return { data, shape: [count, 3, height, width] };
}

/** Mean absolute difference of two sets' values, which is at most 2. */
export function difference(a: Output, b: Output): number {
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - b.data[i]!), 0) / a.data.length;
}

/** Distances of neighbours: the largest over the mean. */
export function unevenness(images: Output): number {
  const count = images.shape[0]!;
  const size = images.data.length / count;
  const steps = Array.from({ length: count - 1 }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < size; k++) sum += (images.data[(i + 1) * size + k]! - images.data[i * size + k]!) ** 2;
    return Math.sqrt(sum);
  });
  const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
  return mean > 0 ? Math.max(...steps) / mean : 1;
}

/** A value's standard deviation among the images, on average. */
export function spread(images: Output): number {
  const count = images.shape[0]!;
  const size = images.data.length / count;
  let sum = 0;
  for (let k = 0; k < size; k++) {
    let [mean, square] = [0, 0];
    for (let i = 0; i < count; i++) {
      const value = images.data[i * size + k]!;
      mean += value / count;
      square += (value * value) / count;
    }
    sum += Math.sqrt(Math.max(0, square - mean * mean) * (count / (count - 1)));
  }
  return sum / size;
}

/** The share of pixels that have a colour: whose channels differ by more than a tenth of their range. */
export function colourful(images: Output): number {
  const [count, , height, width] = sizes(images);
  const area = height * width;
  let found = 0;
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < area; k++) {
      const values = [0, 1, 2].map((c) => images.data[(3 * i + c) * area + k]!);
      if (Math.max(...values) - Math.min(...values) > 0.2) found++;
    }
  }
  return found / (count * area);
}
