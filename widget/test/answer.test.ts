import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Answer } from '../src/answer';

/** A page that notes what is done to it. */
function notebook() {
  const page = {
    text: '',
    replaced: 0,
    append(text: string) {
      page.text += text;
    },
    replace(text: string) {
      page.text = text;
      page.replaced++;
    },
  };
  return page;
}

test('tokens_are_appended', () => {
  const page = notebook();
  const answer = new Answer(page);
  answer.restart();
  for (const token of ['One', ' two', ' three']) answer.push(token);
  answer.finish('One two three');
  assert.deepEqual([page.text, page.replaced], ['One two three', 0]);
});

test('a_repeated_beginning_stays_put_wherever_the_tokens_break', () => {
  const whole = 'One two three four';
  for (let cut = 0; cut <= whole.length; cut++) {
    for (let size = 1; size <= whole.length; size++) {
      const page = notebook();
      const answer = new Answer(page);
      answer.restart();
      answer.push(whole.slice(0, cut));
      answer.restart();
      for (let at = 0; at < whole.length; at += size) {
        answer.push(whole.slice(at, at + size));
        assert.ok(page.text.length >= cut);
      }
      answer.finish(whole);
      assert.deepEqual([page.text, page.replaced], [whole, 0]);
    }
  }
});

test('another_answer_than_before_replaces_what_was_shown', () => {
  const page = notebook();
  const answer = new Answer(page);
  answer.restart();
  answer.push('The first attempt');
  answer.restart();
  answer.push('Quite another one');
  answer.push(', and longer');
  assert.equal(page.text, 'Quite another one, and longer');
  answer.finish('Quite another one, and longer.');
  assert.deepEqual([page.text, page.replaced], ['Quite another one, and longer.', 1]);
});

test('an_end_that_is_shorter_than_what_was_shown_wins', () => {
  const page = notebook();
  const answer = new Answer(page);
  answer.restart();
  answer.push('A long beginning');
  answer.restart();
  answer.finish('Short.');
  assert.equal(page.text, 'Short.');
});
