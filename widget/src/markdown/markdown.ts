// Markdown that grows: whole lines are drawn once and for good, only the last line, still being written, is drawn anew. Its
// input is a stranger's: elements are made one by one, none but those in here, and nothing else can come of any text.

import { el } from '../view/dom';
import { drawLine } from './inline';

/** A line longer than this is drawn anew only once it has grown by a 64th, so that the work stays linear. */
const LONG = 512;
/** A line this long begins with a part that is a paragraph of its own, so that none takes long to draw; code is as it is. */
const MANY = 4000;
const PART = /^.{1,1999}\s|^.{1999}/su;
/** Quotes and lists in one another; deeper marks are text. */
const DEPTH = 8;
/** A row of more cells is text. */
const COLUMNS = 40;

const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( *)(?:[-*+]|(\d{1,9})[.)])(?: +|$)/;
const RULE = /^ *([-*_])( *\1){2,} *$/;
const FENCE = /^( *)(`{3,}|~{3,}(?!~))([^`]*)$/;
const HEADING = /^ {0,3}#{1,6} +([\s\S]*)/;
const ROW = /^ *\|([\s\S]*)/;
const TABLE_RULE = /^[ |:-]+$/;

/** Something that the next line may go on with: quotes and items hold others, the rest holds words. */
interface Block {
  readonly box: Element;
  /** The list that an item is part of. */
  readonly list?: Element;
  /** What a line is indented by at least to belong to an item, and what code loses of its indentation. */
  readonly indent?: number;
  /** What ends a block of code. */
  readonly fence?: string;
}

/** Draws what is added; nothing more comes after `undefined`. */
export type Markdown = (text?: string) => void;

/** Draws into `root`; `copyButton` makes the button that copies `text`, if there is one. */
export function markdown(root: Element, copyButton: (text: () => string) => Node | string): Markdown {
  /** What is open, the outermost first. */
  let open: Block[] = [];
  /** The line that is still being written, and how much of it is drawn. */
  let last = '';
  let drawn = 0;
  let whole = true;
  /** Takes the last line off the page. */
  let undo = () => {};

  const put = <E extends Element>(depth: number, element: E): E =>
    (open[depth - 1]?.box ?? root).appendChild(element);
  const begin = (depth: number, block?: Block) => {
    open.splice(depth);
    if (block) open.push(block);
  };
  const leaf = <E extends Element>(depth: number, element: E): E => {
    begin(depth);
    return put(depth, element);
  };

  /** How many of the open quotes and items `line` goes on with, and what is left of it inside of them. */
  const goOn = (line: string, code?: string): [depth: number, text: string] => {
    let text = line;
    let depth = 0;
    for (const { box, indent } of open) {
      const space = text.search(/\S|$/);
      if (box.localName === 'blockquote' && QUOTE.test(text)) text = text.replace(QUOTE, '');
      else if (indent && (code || space >= indent || space === text.length)) {
        text = text.slice(Math.min(space, indent));
      } else break;
      depth++;
    }
    return [depth, text];
  };

  /** Opens the quotes and items that a line begins with, and draws the rest of it. */
  const write = (depth: number, text: string): void => {
    const mark = depth < DEPTH && ((!RULE.test(text) && ITEM.exec(text)) || QUOTE.exec(text));
    if (mark) {
      if (mark[0].includes('>')) begin(depth, { box: leaf(depth, el('blockquote')) });
      else item(depth, mark);
      write(depth + 1, text.slice(mark[0].length));
    } else words(depth, text);
  };

  const item = (depth: number, [, space = '', number]: RegExpExecArray) => {
    const tag = number ? 'ol' : 'ul';
    // It goes on with the list of the item before it.
    let list = open[depth]?.list;
    if (list?.localName !== tag) list = put(depth, el(tag, number ? { start: number } : {}));
    begin(depth, { box: list.appendChild(el('li')), list, indent: space.length + 2 });
  };

  /** Draws what is no quote and no item any more. */
  const words = (depth: number, text: string) => {
    const inner = open.at(-1)?.box;
    const fence = FENCE.exec(text);
    const heading = HEADING.exec(text);
    const cells = cellsOf(text, whole);
    if (fence) code(depth, fence);
    else if (heading) drawLine(leaf(depth, el('h3')), heading[1] as string);
    else if (RULE.test(text)) leaf(depth, el('hr'));
    else if (cells) row(depth, cells, text);
    else if (inner?.localName === 'p') {
      // Also when the line is indented less: a paragraph that was begun in a quote or an item goes on there.
      inner.append('\n');
      drawLine(inner, text.trimStart());
    } else {
      const box = leaf(depth, el('p'));
      begin(depth, { box });
      drawLine(box, text.trimStart());
    }
  };

  const code = (depth: number, [, space = '', fence = '', language = '']: RegExpExecArray) => {
    const box = el('code');
    leaf(
      depth,
      el(
        'div',
        { class: 'code' },
        el(
          'div',
          { class: 'bar' },
          language.trim().split(' ')[0] as string,
          copyButton(() => box.textContent as string),
        ),
        el('pre', { tabindex: '0' }, box),
      ),
    );
    begin(depth, { box, fence, indent: space.length });
  };

  const row = (depth: number, cells: readonly string[], text: string) => {
    const body = open[depth]?.box;
    const isRow = body?.localName === 'tbody';
    const made = el('tr');
    for (const cell of cells) drawLine(made.appendChild(el(isRow ? 'td' : 'th')), cell);
    if (!isRow) {
      const box = el('tbody');
      leaf(depth, el('div', { class: 'table', tabindex: '0' }, el('table', {}, el('thead', {}, made), box)));
      begin(depth, { box });
    } else if (body.firstChild || !TABLE_RULE.test(text)) body.append(made);
  };

  const draw = (written: string) => {
    const { fence, box } = open.at(-1) ?? {};
    const line = fence ? written : written.replace(/^\s+/, (space) => space.replace(/\t/g, '    '));
    const [depth, text] = goOn(line.replace(/\r$/, ''), fence);
    const isCode = fence && depth >= open.length - 1;
    if (isCode && text.trim() === fence) open.pop();
    else if (isCode) box?.append(whole ? `${text}\n` : text);
    else if (text.trim()) write(depth, text);
    else begin(depth);
  };

  /** Draws the last line in such a way that it can be undone. */
  const draft = () => {
    const before = open;
    const ends = [root, ...open.flatMap(({ box, list = box }) => [box, list])].map(
      (box) => [box, box.lastChild] as const,
    );
    open = [...open];
    drawn = last.length;
    whole = false;
    if (last) draw(last);
    whole = true;
    undo = () => {
      open = before;
      for (const [box, end] of ends) while (box.lastChild && box.lastChild !== end) box.lastChild.remove();
    };
  };

  /** Draws of `line` what is too much for one, and gives back the rest. */
  const shorten = (line: string): string => {
    if (line.length < MANY || open.at(-1)?.fence) return line;
    const part = PART.exec(line)?.[0] as string;
    draw(part);
    draw('');
    return shorten(line.slice(part.length));
  };

  return (text = '\n') => {
    last += text;
    const ends = text.includes('\n');
    if (!ends && last.length > LONG && last.length < drawn * (1 + 1 / 64)) return;
    undo();
    if (ends) {
      const lines = last.split('\n');
      last = lines.pop() as string;
      for (const line of lines) draw(shorten(line));
    }
    last = shorten(last);
    draft();
  };
}

/** The cells of a row of a table; a row that is still being written need not have an end. */
function cellsOf(text: string, whole: boolean): string[] | undefined {
  const row = ROW.exec(text)?.[1];
  if (row === undefined || (whole && !/\| *$/.test(row))) return undefined;
  // An escaped bar is part of its cell; NUL cannot be part of an answer.
  const cells = row
    .replace(/\\\|/g, '\0')
    .replace(/\| *$/, '')
    .split('|', COLUMNS + 1);
  return cells[COLUMNS] === undefined ? cells.map((cell) => cell.replace(/\0/g, '|').trim()) : undefined;
}
