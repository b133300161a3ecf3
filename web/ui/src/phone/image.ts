/** The longer edge of a photo that is sent, in pixels. */
const EDGE = 1600;

/**
 * Makes a photo small enough for a slow line: at most 1600 pixels, JPEG. The
 * new picture has no EXIF, so neither the phone's make nor its place is sent.
 * Rejects where the file is no picture.
 */
export async function shrink(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const scale = Math.min(1, EDGE / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((done, failed) => canvas.toBlob((b) => (b ? done(b) : failed(new Error('no picture'))), 'image/jpeg', 0.82));
}
