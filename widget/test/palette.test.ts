// The colours of the style sheet itself: every ink reads on every ground it stands on, in light and in dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { contrast } from '../src/accent';

/** The tokens of both schemes, by name; the tests run from the package's folder. */
function palettes(): Record<string, string>[] {
  const css = readFileSync(join(process.cwd(), 'src/view/widget.css'), 'utf8');
  return [...css.matchAll(/:host \{[^}]*--bg:[^}]*\}/g)].map(([rule]) =>
    Object.fromEntries(
      [...rule.matchAll(/--([a-z]+): (#[\da-f]{3,6}) !important;/g)].map(([, name, colour = '']) => [
        name,
        colour.length === 4 ? colour.replace(/[\da-f]/g, '$&$&') : colour,
      ]),
    ),
  );
}

test('text_reads_on_every_ground_in_both_schemes', () => {
  const schemes = palettes();
  assert.equal(schemes.length, 2);
  for (const scheme of schemes) {
    for (const ink of ['text', 'muted', 'bad']) {
      for (const ground of ['bg', 'raised', 'sunken']) {
        const ratio = contrast(scheme[ink] ?? '', scheme[ground] ?? '');
        assert.ok(ratio >= 4.5, `--${ink} on --${ground}: ${ratio}`);
      }
    }
  }
});
