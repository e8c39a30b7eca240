// The words of one line: emphasis, code, links. Every mark without its counterpart stays as typed, and the work is linear in
// the line's length: a mark whose counterpart was searched for in vain is not searched for again.

import { el } from '../view/dom';

/** Escape, code, link, bare address, run of marks. No part can be tried again from where another attempt has passed. */
const TOKEN =
  /\\([!-/:-@[-`{-~])|``(.+?)``|`([^`]+)`|\[([^[\]]+)\]\(((?:https?:\/\/|mailto:)(?:[^\s()<>]|\([^\s()<>]*\))+)(?: +"[^"]*")?\)|<?\b(https?:\/\/(?:[!#-'*-;=?-_a-~]|\([!#-'*-;=?-_a-~]*\))*(?:[a-z\d/#=&%+-]|\([!#-'*-;=?-_a-~]*\)))>?|\*+|_+|~+/gi;

const MARKS = /^([*_]{1,3}|~~)$/;

interface Token {
  readonly text: string;
  readonly node?: Node;
  readonly opens?: boolean;
  readonly closes?: boolean;
}

/** Draws `line` into `into`; inside a link bare addresses are not links again. */
export function drawLine(into: Element, line: string, linked = false): void {
  const tokens: Token[] = [];
  let end = 0;
  for (const match of line.matchAll(TOKEN)) {
    const start = match.index as number;
    tokens.push({ text: line.slice(end, start) });
    end = start + match[0].length;
    tokens.push(read(match, linked, line[start - 1], line[end]));
  }
  tokens.push({ text: line.slice(end) });
  drawTokens(into, tokens, 0, tokens.length);
}

function read(
  [text, escaped, double, single, label, target, address]: RegExpMatchArray,
  linked: boolean,
  before = ' ',
  after = ' ',
): Token {
  const code = double || single;
  const href = target || (!linked && address);
  if (code) return { text, node: el('code', {}, code.trim() || code) };
  if (href) {
    const node = el('a', { href, target: '_blank', rel: 'noopener nofollow noreferrer' });
    drawLine(node, label || href, true);
    return { text, node };
  }
  if (escaped) return { text: escaped };
  // Marks open or close by what stands beside them; inside of words `_` does neither.
  const inWord = text?.[0] === '_' ? /\w/ : /^$/;
  return {
    text: text as string,
    opens: MARKS.test(text as string) && /\S/.test(after) && !inWord.test(before),
    closes: /\S/.test(before) && !inWord.test(after),
  };
}

function drawTokens(into: Element, tokens: readonly Token[], from: number, to: number): void {
  const lonely = new Set<string>();
  for (let at = from; at < to; at++) {
    const { text, node } = tokens[at] as Token;
    const close = counterpart(tokens, at, to, lonely);
    if (close) {
      drawTokens(mark(into, text), tokens, at + 1, close);
      at = close;
    } else if (text) into.append(node ?? text);
  }
}

/** The element of what stands between the marks `text`. */
function mark(into: Element, text: string): Element {
  const marked = into.appendChild(el(text[0] === '~' ? 'del' : text[1] ? 'strong' : 'em'));
  return text[2] ? marked.appendChild(el('em')) : marked;
}

/** Where what the token at `from` opens is closed before `to`; 0 if nowhere. */
function counterpart(tokens: readonly Token[], from: number, to: number, lonely: Set<string>): number {
  const { text, opens } = tokens[from] as Token;
  if (!opens || lonely.has(text)) return 0;
  for (let at = from + 1; at < to; at++) {
    if (tokens[at]?.closes && tokens[at]?.text === text) return at;
  }
  lonely.add(text);
  return 0;
}
