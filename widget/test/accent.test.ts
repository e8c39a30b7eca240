import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inkOn } from '../src/accent';
import { contrast, hex } from './contrast';

test('contrast_is_that_of_the_standard', () => {
  assert.equal(contrast('#000000', '#ffffff'), 21);
  assert.equal(contrast('#ffffff', '#ffffff'), 1);
  // #767676 is the well-known lightest grey that reads on white.
  assert.ok(contrast('#767676', '#ffffff') >= 4.5);
  assert.ok(contrast('#777777', '#ffffff') < 4.5);
});

test('the_ink_reads_on_every_accent', () => {
  for (let red = 0; red < 256; red += 5) {
    for (let green = 0; green < 256; green += 5) {
      for (let blue = 0; blue < 256; blue += 5) {
        const accent = [red, green, blue] as const;
        const ratio = contrast(hex(accent), inkOn(accent).replace(/\w/g, '$&$&'));
        assert.ok(ratio >= 4.5, `${ratio} on ${accent}`);
      }
    }
  }
});

test('the_ink_is_black_on_light_accents_and_white_on_dark_ones', () => {
  assert.equal(inkOn([14, 165, 233]), '#000');
  assert.equal(inkOn([253, 224, 71]), '#000');
  assert.equal(inkOn([30, 58, 138]), '#fff');
});
