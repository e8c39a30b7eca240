// The colours of the style sheet itself: every ink reads on every ground it stands on, in light and in dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { contrast, hex } from './contrast';

const CSS = readFileSync(join(process.cwd(), 'src/view/widget.css'), 'utf8');

/** The opaque tokens of every scheme, by name; the tests run from the package's folder. */
function palettes(): Record<string, string>[] {
  return [...CSS.matchAll(/\.root \{[^}]*--bg:[^}]*\}/g)].map(([rule]) =>
    Object.fromEntries(
      [...rule.matchAll(/--([a-z]+): (?:var\(--chat-[a-z]+, )?(#[\da-f]{3,6})\)?;/g)].map(
        ([, name, colour = '']) => [name, colour.length === 4 ? colour.replace(/[\da-f]/g, '$&$&') : colour],
      ),
    ),
  );
}

/** What the translucent `--sunken` looks like on `ground`. */
function sunken(ground: string): string {
  const token = /--sunken: #([\da-f]{8});/.exec(CSS)?.[1] ?? '';
  const bytes = (colour: string) =>
    (colour.match(/[\da-f]{2}/g) ?? []).map((byte) => Number.parseInt(byte, 16));
  const [red = 0, green = 0, blue = 0, opacity = 0] = bytes(token);
  const mixed = bytes(ground).map((below, at) => {
    const above = [red, green, blue][at] ?? 0;
    return Math.round(below + ((above - below) * opacity) / 255);
  });
  return hex(mixed);
}

test('text_reads_on_every_ground_in_both_schemes', () => {
  const schemes = palettes();
  assert.equal(schemes.length, 3);
  assert.deepEqual(schemes[1], schemes[2]);
  for (const { bg = '', ...inks } of schemes) {
    for (const ink of ['text', 'muted', 'bad']) {
      for (const ground of [bg, sunken(bg)]) {
        const ratio = contrast(inks[ink] ?? '', ground);
        assert.ok(ratio >= 4.5, `--${ink} on ${ground}: ${ratio}`);
      }
    }
  }
});
