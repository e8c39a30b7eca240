// The owner's accent colour and the ink that reads on it. Any accent must leave text at a contrast of 4.5 : 1 or better:
// the better one of black and white always has at least 4.58 : 1.

export const DEFAULT_ACCENT = '#0ea5e9';

/** Red, green, blue, each 0 to 255, and perhaps opacity. */
export type Colour = readonly [number, number, number, ...number[]];

/** Relative luminance, 0 to 1 (WCAG 2.2, "relative luminance"). */
export function luminance(colour: Colour): number {
  // The standard has another formula for channels up to 10, which differs by less than 0.001.
  const [red, green, blue] = colour.map((channel) => ((channel / 255 + 0.055) / 1.055) ** 2.4) as [
    number,
    number,
    number,
  ];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Black or white, whichever reads better on `accent`: at this luminance both have the same contrast. */
export function inkOn(accent: Colour): '#000' | '#fff' {
  return luminance(accent) > 0.1791 ? '#000' : '#fff';
}

/** What `value` looks like, on white where it is translucent; the default accent if the browser takes it for no colour. */
export function opaqueColour(value: string): Colour {
  const canvas = document.createElement('canvas').getContext('2d') as CanvasRenderingContext2D;
  // What is no colour leaves `fillStyle` as it was.
  for (const colours of [['#fff'], [DEFAULT_ACCENT, value]]) {
    for (const colour of colours) canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
  }
  return [...canvas.getImageData(0, 0, 1, 1).data] as unknown as Colour;
}
