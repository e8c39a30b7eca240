// The icons, drawn for this project on a grid of 24 with strokes of 1.5. Decoration only: names are on their buttons.

import { set } from './dom';

const PATHS = {
  chat: 'M12 5a8 6.5 0 1 1-2 12.8L5 20l1-4A8 6.5 0 0 1 12 5z',
  close: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  compose: 'M12 5H5v14h14v-7M17.5 4.5l2 2-7 7-3 1 1-3z',
  send: 'M12 18.5v-13M6.5 11L12 5.5l5.5 5.5',
  stop: 'M8 8h8v8H8z',
  copy: 'M9 9h10v10H9zM15 9V5H5v10h4',
  done: 'M5.5 12.5l4 4 9-9',
  good: 'M8 11v8H5v-8zl4-7 2 2v3h5l-1 10H8',
};

export function icon(name: keyof typeof PATHS): SVGElement {
  const [svg, path] = ['svg', 'path'].map((tag) =>
    document.createElementNS('http://www.w3.org/2000/svg', tag),
  ) as [SVGElement, SVGElement];
  set(svg, { viewBox: '0 0 24 24', 'aria-hidden': 'true', class: name });
  set(path, { d: PATHS[name] });
  svg.append(path);
  return svg;
}
