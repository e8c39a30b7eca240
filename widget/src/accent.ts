// The owner's accent colour and the ink that reads on it. Any accent must leave text at a contrast of 4.5 : 1 or better:
// the better one of black and white always has at least 4.58 : 1.

export const DEFAULT_ACCENT = '#0ea5e9';

/** Relative luminance of `#rrggbb`, 0 to 1 (WCAG 2.2, "relative luminance"). */
export function luminance(hex: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const channel = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever reads better on `accent`. */
export function inkOn(accent: string): '#000000' | '#ffffff' {
  return contrast(accent, '#000000') >= contrast(accent, '#ffffff') ? '#000000' : '#ffffff';
}

/** `value` as `#rrggbb` if the browser takes it for an opaque colour, else the default accent. */
export function opaqueColour(value: string): string {
  if (/^#[\da-f]{6}$/i.test(value)) return value;
  const canvas = document.createElement('canvas').getContext('2d');
  if (!canvas) return DEFAULT_ACCENT;
  // An invalid value leaves `fillStyle` as it was, so a colour is what survives two different starts.
  const [fromBlack, fromWhite] = ['#000', '#fff'].map((before) => {
    canvas.fillStyle = before;
    canvas.fillStyle = value;
    return String(canvas.fillStyle);
  }) as [string, string];
  return fromBlack === fromWhite && /^#[\da-f]{6}$/.test(fromBlack) ? fromBlack : DEFAULT_ACCENT;
}
