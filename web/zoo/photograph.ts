/** A picture of the reader's own as lines: grey, padded to a square, as ganbook.data.picture does it. */

/** (S, S) in [-1, 1]; rejects a file that is no picture. */
export async function fromFile(file: Blob, size: number): Promise<Float32Array> {
  const image = await createImageBitmap(file);
  const scale = size / Math.max(image.width, image.height);
  const [width, height] = [Math.max(1, Math.round(image.width * scale)), Math.max(1, Math.round(image.height * scale))];
  const canvas = Object.assign(document.createElement("canvas"), { width: size, height: size });
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#fff";
  context.fillRect(0, 0, size, size);
  context.imageSmoothingQuality = "high";
  context.drawImage(image, Math.round((size - width) / 2), Math.round((size - height) / 2), width, height);
  const { data } = context.getImageData(0, 0, size, size);
  // The weights of ITU-R 601, as Pillow's.
  return Float32Array.from(
    { length: size * size },
    (_, i) => (0.299 * data[4 * i]! + 0.587 * data[4 * i + 1]! + 0.114 * data[4 * i + 2]!) / 127.5 - 1,
  );
}
