/** The longer edge of a photo that is sent, in pixels. */
const EDGE = 1600;
/** A file beyond this is not opened at all: it would take the phone's memory. */
const LARGEST = 80 << 20;

/** Why a photo was not taken. */
export class BadPhoto extends Error {
  constructor(readonly why: 'bad' | 'large') {
    super(why);
  }
}

/**
 * Makes a photo small enough for a slow line: at most 1600 pixels, JPEG. The
 * new picture has no EXIF, so neither the phone's make nor its place is sent.
 * Rejects with a BadPhoto where the file is no picture, or too large.
 */
export async function shrink(file: Blob, edge = EDGE): Promise<Blob> {
  if (file.size > LARGEST) throw new BadPhoto('large');
  let picture: ImageBitmap;
  try {
    picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    throw new BadPhoto('bad');
  }
  const scale = Math.min(1, edge / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return new Promise((done, failed) => canvas.toBlob((b) => (b ? done(b) : failed(new BadPhoto('bad'))), 'image/jpeg', 0.8));
}
