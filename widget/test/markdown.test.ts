import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markdown } from '../src/markdown/markdown';
import { elements, FakeElement, fakeDocument, markup, work } from './page';

fakeDocument();

/** What `pieces`, coming one after another, look like. */
function draw(...pieces: readonly string[]): FakeElement {
  const root = new FakeElement('div');
  const writing = markdown(root as unknown as Element, () => new FakeElement('button') as unknown as Node);
  for (const piece of pieces) writing(piece);
  writing();
  return root;
}

/** The markup of `text`, without the box around it. */
function html(text: string): string {
  return markup(draw(text)).replace(/^<div>|<\/div>$/g, '');
}

const code = (language: string, text: string) =>
  `<div class="code"><div class="bar">${language}<button></button></div>` +
  `<pre tabindex="0"><code>${text}</code></pre></div>`;
const table = (head: string, body: string) =>
  `<div class="table" tabindex="0"><table><thead>${head}</thead><tbody>${body}</tbody></table></div>`;
const link = (href: string, label = href) =>
  `<a href="${href}" target="_blank" rel="noopener nofollow noreferrer">${label}</a>`;

const CASES: Readonly<Record<string, readonly [string, string][]>> = {
  paragraphs_keep_their_line_breaks: [
    ['One', '<p>One</p>'],
    ['One\nline\n\nTwo\n', '<p>One\nline</p><p>Two</p>'],
    ['\n\n  One\r\nTwo\r\n\r\n', '<p>One\nTwo</p>'],
  ],
  emphasis_needs_its_counterpart: [
    [
      '*a* _b_ **c** __d__ ***e*** ~~f~~',
      '<p><em>a</em> <em>b</em> <strong>c</strong> <strong>d</strong> <strong><em>e</em></strong> <del>f</del></p>',
    ],
    [
      '**a *b* c** and *a **b** c*',
      '<p><strong>a <em>b</em> c</strong> and <em>a <strong>b</strong> c</em></p>',
    ],
    ['2 * 3 * 4, a**b, snake_case_name, **open', '<p>2 * 3 * 4, a**b, snake_case_name, **open</p>'],
    ['**強調**です', '<p><strong>強調</strong>です</p>'],
    ['~a~ ****b****', '<p>~a~ ****b****</p>'],
    ['\\*not\\* \\[this\\](x) C:\\dir', '<p>*not* [this](x) C:\\dir</p>'],
  ],
  code_is_not_read_any_further: [
    ['`a*b*` and ``c`d`` and `open', '<p><code>a*b*</code> and <code>c`d</code> and `open</p>'],
    ['*a `*` b*', '<p><em>a <code>*</code> b</em></p>'],
    ['`<b>&amp;`', '<p><code>&#60;b&#62;&#38;amp;</code></p>'],
  ],
  links_go_to_web_and_mail_addresses_only: [
    [
      '[a *b* `c`](https://x.example/y_z_(1)?q=1#h "t")',
      `<p>${link('https://x.example/y_z_(1)?q=1#h', 'a <em>b</em> <code>c</code>')}</p>`,
    ],
    ['[mail](mailto:a@b.example)', `<p>${link('mailto:a@b.example', 'mail')}</p>`],
    [
      '[x](javascript:alert(1)) [y](/z) [z](data:text/html,1) ![i](//e)',
      '<p>[x](javascript:alert(1)) [y](/z) [z](data:text/html,1) ![i](//e)</p>',
    ],
    ['[https://a.example](https://b.example)', `<p>${link('https://b.example', 'https://a.example')}</p>`],
    [
      'See https://a.example/b_(c). (http://d.example) <https://e.example>',
      `<p>See ${link('https://a.example/b_(c)')}. (${link('http://d.example')}) ${link('https://e.example')}</p>`,
    ],
    ['**https://a.example/** xhttps://b', `<p><strong>${link('https://a.example/')}</strong> xhttps://b</p>`],
    ['https://a.example/をご覧', `<p>${link('https://a.example/')}をご覧</p>`],
    ['[1] and [a](https://b.example)', `<p>[1] and ${link('https://b.example', 'a')}</p>`],
  ],
  headings_rules_and_quotes: [
    ['# One\ntext\n### Two *x*\n#no', '<h3>One</h3><p>text</p><h3>Two <em>x</em></h3><p>#no</p>'],
    ['a\n\n---\n* * *\nb', '<p>a</p><hr></hr><hr></hr><p>b</p>'],
    ['> a\n> b\nc\n\nd', '<blockquote><p>a\nb\nc</p></blockquote><p>d</p>'],
    ['> - a\n> - b\n>\n> c', '<blockquote><ul><li><p>a</p></li><li><p>b</p></li></ul><p>c</p></blockquote>'],
  ],
  lists_nest_and_hold_blocks: [
    ['- a\n- b\n\n- c', '<ul><li><p>a</p></li><li><p>b</p></li><li><p>c</p></li></ul>'],
    [
      '- a\n  - b\n    - c\n  - d\n- e',
      '<ul><li><p>a</p><ul><li><p>b</p><ul><li><p>c</p></li></ul></li><li><p>d</p></li></ul></li><li><p>e</p></li></ul>',
    ],
    [
      '1. a\n  - b\n2. c\n\n   d\n3) e',
      '<ol start="1"><li><p>a</p><ul><li><p>b</p></li></ul></li><li><p>c</p><p>d</p></li><li><p>e</p></li></ol>',
    ],
    ['- a\n\t- b', '<ul><li><p>a</p><ul><li><p>b</p></li></ul></li></ul>'],
    ['- a\n1. b\n\nc', '<ul><li><p>a</p></li></ul><ol start="1"><li><p>b</p></li></ol><p>c</p>'],
    [
      '1. a\n   ```sh\n   b\n     c\n   ```\n2. d',
      `<ol start="1"><li><p>a</p>${code('sh', 'b\n  c\n')}</li><li><p>d</p></li></ol>`,
    ],
    [
      '1. a\n```\nb\n```\n2. c',
      `<ol start="1"><li><p>a</p></li></ol>${code('', 'b\n')}<ol start="2"><li><p>c</p></li></ol>`,
    ],
  ],
  code_blocks_are_taken_as_they_are: [
    [
      '```js x\n<b> *a*\n\n\ttab | `\n```\nafter',
      `${code('js', '&#60;b&#62; *a*\n\n\ttab | `\n')}<p>after</p>`,
    ],
    ['~~~~\n```\n~~~\n~~~~', code('', '```\n~~~\n')],
    ['a\n```\nopen', `<p>a</p>${code('', 'open\n')}`],
    ['> ```\n> a\n\nb', `<blockquote>${code('', 'a\n')}</blockquote><p>b</p>`],
  ],
  tables_have_a_head_and_rows: [
    [
      '| a | *b* |\n|---|:-:|\n| c | d\\|e |\n| f |\nafter',
      `${table('<tr><th>a</th><th><em>b</em></th></tr>', '<tr><td>c</td><td>d|e</td></tr><tr><td>f</td></tr>')}<p>after</p>`,
    ],
    ['a\n|b|\n|c|', `<p>a</p>${table('<tr><th>b</th></tr>', '<tr><td>c</td></tr>')}`],
    ['| no row', '<p>| no row</p>'],
  ],
  markup_is_text: [
    [
      '<b onclick=x>a</b> &lt; <!-- c -->',
      '<p>&#60;b onclick=x&#62;a&#60;/b&#62; &#38;lt; &#60;!-- c --&#62;</p>',
    ],
  ],
};

for (const [name, cases] of Object.entries(CASES)) {
  test(name, () => {
    for (const [text, expected] of cases) assert.equal(html(text), expected, JSON.stringify(text));
  });
}

test('every_split_into_two_and_every_single_character_give_the_same', () => {
  for (const [text] of Object.values(CASES).flat()) {
    const whole = markup(draw(text));
    assert.equal(markup(draw(...text)), whole);
    for (let at = 0; at <= text.length; at++) {
      assert.equal(markup(draw(text.slice(0, at), text.slice(at))), whole, JSON.stringify([text, at]));
    }
  }
});

test('what_is_finished_stays_the_same_element', () => {
  const root = new FakeElement('div');
  const writing = markdown(root as unknown as Element, () => new FakeElement('button') as unknown as Node);
  writing('# a\n\n- b\n- c\n\n```\nd\n');
  const before = elements(root);
  for (const character of 'e\n```\n\n| f |\n|--|\n| g') writing(character);
  assert.deepEqual(elements(root).slice(0, before.length), before);
});

const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    'p h3 ul li blockquote hr table thead tbody tr th td code em strong del span button'
      .split(' ')
      .map((tag) => [tag, []]),
  ),
  ol: ['start'],
  pre: ['tabindex'],
  div: ['class', 'tabindex'],
  a: ['href', 'target', 'rel'],
};

function assertHarmless(root: FakeElement, text: string): void {
  for (const { localName, attributes } of elements(root)) {
    for (const name of attributes.keys())
      assert.ok(ALLOWED[localName]?.includes(name), `${localName} ${name}`);
    assert.ok(ALLOWED[localName], localName);
    const href = attributes.get('href');
    assert.match(href ?? 'mailto:', /^(https?:\/\/|mailto:)/i);
    if (href !== undefined) assert.ok(text.includes(href), href);
    assert.match(attributes.get('start') ?? '1', /^\d+$/);
  }
}

/** Small numbers that look like chance and are the same in every run (Park and Miller's generator). */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

const SCRAPS =
  'a|b c|é|世|😀| |  |    |\t|\n|\n\n|\r\n|\u2028|\0|*|**|***|_|__|~~|`|``|```|~~~|\\|[|]|(|)|](|[a](https://b.c)|](javascript:x)|https://x.y|mailto:|<|>|> |<script>|"|&|- |+ |1. |23) |# |###### |---|\\\\|·|{|}|=|!|:|-|.|x'
    .split('|')
    .map((scrap) => (scrap === '·' ? '|' : scrap));

test('any_input_in_any_split_gives_the_same_harmless_elements', () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const random = chance(seed);
    const text = Array.from({ length: 1 + random(40) }, () => SCRAPS[random(SCRAPS.length)]).join('');
    const whole = draw(text);
    assertHarmless(whole, text);
    const pieces: string[] = [];
    for (let at = 0; at < text.length; ) {
      const size = 1 + random(6);
      pieces.push(text.slice(at, at + size));
      at += size;
    }
    assert.equal(markup(draw(...pieces)), markup(whole), JSON.stringify([seed, pieces]));
  }
});

test('the_work_is_linear_for_input_made_to_be_slow', () => {
  const size = 100_000;
  const fill = (scrap: string) => scrap.repeat(Math.ceil(size / scrap.length)).slice(0, size);
  const slow = [
    ...SCRAPS,
    '[a](',
    '[a](http://x',
    '![',
    '*a ',
    ' *a',
    '*a',
    '**a *b ',
    '_a ',
    '`a',
    '``a',
    '` ',
    '> - ',
    '- > ',
    '|a',
    '|-',
    '~~~`',
    '~ ',
    'http://',
    'http://a(',
    '<http://',
    '[a](https://b "',
    ' #',
    '*a **b ***c _d __e ',
    'a* ',
    '\\',
    '\\|',
    '-\n',
    '>\n',
    '|\n',
    '```\n',
  ];
  for (const scrap of slow) {
    for (const text of [
      fill(scrap),
      `|${fill(scrap)}x|`,
      `|a|\n|${fill(scrap)}x`,
      `~~~${fill(scrap)}\``,
      `[${fill(scrap)}](`,
      `# ${fill(scrap)}\u2028`,
    ]) {
      const began = performance.now();
      work.steps = 0;
      assertHarmless(draw(text.slice(0, 60_000), text.slice(60_000)), text);
      assert.ok(work.steps < 12 * size, `${work.steps} steps for ${JSON.stringify(text.slice(0, 20))}`);
      // Quadratic work would take minutes; this is a hundred times what linear work takes.
      assert.ok(performance.now() - began < 10_000, `slow: ${JSON.stringify(text.slice(0, 20))}`);
    }
  }
});

test('an_endless_line_becomes_paragraphs_however_it_is_cut', () => {
  const words = 'Words and **bold** ones, '.repeat(400);
  for (const text of [
    words,
    `- ${words}`,
    `> ${words}`,
    '😀'.repeat(5000),
    `| ${words} |`,
    words.replace(/ /g, '-'),
  ]) {
    const whole = draw(text);
    assert.ok(elements(whole).filter(({ localName }) => localName === 'p').length > 1);
    assert.doesNotMatch(markup(whole), /\p{Surrogate}/u);
    for (const size of [1, 700, 3999, 4001]) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
      assert.equal(markup(draw(...pieces)), markup(whole));
    }
  }
  const line = 'x '.repeat(5000);
  assert.equal(html(`\`\`\`\n${line}\n\`\`\``), code('', `${line}\n`));
});

test('a_long_line_that_comes_character_by_character_is_linear_work', () => {
  const text = '*a* `b` '.repeat(4_000);
  work.steps = 0;
  draw(...text);
  const once = 6 * 4_000;
  assert.ok(work.steps < 300 * once, `${work.steps} steps`);
});
