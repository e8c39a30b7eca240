// The icons, drawn for this project on a grid of 24 with strokes of 1.5. Decoration only: names are on their buttons.

const SVG = 'http://www.w3.org/2000/svg';

const PATHS = {
  chat: 'M6.5 4.5h11A2.5 2.5 0 0 1 20 7v6.5a2.5 2.5 0 0 1-2.5 2.5H12l-4 3.5V16H6.5A2.5 2.5 0 0 1 4 13.5V7a2.5 2.5 0 0 1 2.5-2.5zM8.5 8.75h7M8.5 11.75h4',
  close: 'M6.5 6.5l11 11M17.5 6.5l-11 11',
  compose:
    'M11.5 5H7a2 2 0 0 0-2 2v10a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-4.5M17.6 4.4a1.4 1.4 0 0 1 2 2L12.5 13.5l-2.75.75.75-2.75z',
  send: 'M12 18.5v-13M6.5 11L12 5.5l5.5 5.5',
};

export function icon(name: keyof typeof PATHS): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('class', `icon-${name}`);
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  svg.append(path);
  return svg;
}
