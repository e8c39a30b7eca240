// Takes a picture of every page, wide and on a phone, light and dark: target/pictures. Those in docs/pictures are copies of some.
import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PHONE, startWorld, WIDE } from './harness.mjs';

const FOLDER = fileURLToPath(new URL('../../target/pictures/', import.meta.url));
const TALKS = [
  ['Do you ship to Norway?', 'Yes, within **3 to 5 days**. Orders above € 80 are free of charge:\n\n- Oslo and Bergen: 3 days\n- elsewhere: 5 days'],
  ['Can I return shoes that I wore once?', 'You can, within 30 days, as long as the soles are clean. The label is in your parcel.'],
  ['My discount code does not work', 'Codes are good for one order. Which one did you try?'],
  ['How do I wash the wool sweater?', 'By hand, cold, and dry it **flat**.'],
  ['Is the blue tent waterproof?', 'It stands a water column of 4,000 mm: heavy rain is no problem.'],
  ['Where is my order 4711?', 'It left our warehouse yesterday and arrives *tomorrow*.'],
  ['Do you have gift cards?', 'We do, from € 10 to € 200, by mail or by post.'],
  ['I need an invoice with our VAT number', 'Of course. Please send me the number and the order.'],
  ['Which size is 42 in US sizes?', '| EU | US |\n|---|---|\n| 42 | 9 |\n| 43 | 10 |\n\nIf you are between two sizes, take the larger one.'],
];

let world;
before(async () => {
  world = await startWorld();
  await mkdir(FOLDER, { recursive: true });
  for (const [number, [question, answer]] of TALKS.entries()) {
    world.says(answer);
    await world.say(`visitor-${number}`, question);
    if (number % 3 === 2) {
      world.says('You are welcome. Have a good day!');
      await world.say(`visitor-${number}`, 'Thank you!');
    }
  }
  world.model.answer((reply) => reply.refuse(400));
  await world.say('visitor-2', 'SPRING24, but it says expired');
});
after(() => world?.stop());

for (const [size, context] of [['wide', WIDE], ['phone', PHONE]]) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every_page_is_pictured_${size}_${colorScheme}`, async () => {
      const person = await world.stranger('/dashboard/', { ...context, colorScheme });
      const picture = (name) => person.page.screenshot({ path: `${FOLDER}dashboard-${size}-${colorScheme}-${name}.png` });
      await picture('sign-in');
      await person.signIn();
      await person.rows.first().waitFor();
      await picture('inbox');
      await person.rows.nth(1).click();
      await person.page.locator('.message.assistant').first().waitFor();
      await person.page.getByText('first word after').first().waitFor();
      await picture('thread');
      await person.page.getByRole('link', { name: 'Audit its events' }).click();
      await person.page.locator('.was .message').first().waitFor();
      await picture('audit');
      for (const [name, there] of [['Overview', '.plot img'], ['Install', '.tag code'], ['System', '.fact']]) {
        await person.page.getByRole('link', { name, exact: true }).click();
        await person.page.locator(there).first().waitFor();
        await person.page.waitForFunction(() => [...document.images].every((image) => image.complete));
        if (name === 'Install') await person.page.frameLocator('iframe').getByRole('button', { name: /^(Open|Close) chat$/ }).waitFor();
        await picture(name.toLowerCase());
      }
      assert.deepEqual(person.faults, []);
      await person.leave();
    });
  }
}
