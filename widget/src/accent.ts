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

/** `value` as `#rrggbb` if the browser takes it for a colour, on white where it is translucent; else the default accent. */
export function opaqueColour(value: string): string {
  if (/^#[\da-f]{6}$/i.test(value)) return value;
  const element = document.createElement('canvas');
  element.width = element.height = 1;
  const canvas = element.getContext('2d');
  if (!canvas) return DEFAULT_ACCENT;
  // An invalid value leaves `fillStyle` as it was, so a colour is what survives two different starts.
  const [fromBlack, fromWhite] = ['#000', '#fff'].map((before) => {
    canvas.fillStyle = before;
    canvas.fillStyle = value;
    return String(canvas.fillStyle);
  }) as [string, string];
  if (fromBlack !== fromWhite) return DEFAULT_ACCENT;
  if (/^#[\da-f]{6}$/.test(fromBlack)) return fromBlack;
  // Translucent, or of another colour space, such as `oklch()`: what it looks like is what it paints, on white.
  const painted = () => Array.from(canvas.getImageData(0, 0, 1, 1).data);
  canvas.fillRect(0, 0, 1, 1);
  if (painted()[3] === 0) return DEFAULT_ACCENT;
  canvas.globalCompositeOperation = 'destination-over';
  canvas.fillStyle = '#fff';
  canvas.fillRect(0, 0, 1, 1);
  return `#${painted()
    .slice(0, 3)
    .map((channel) => channel.toString(16).padStart(2, '0'))
    .join('')}`;
}
