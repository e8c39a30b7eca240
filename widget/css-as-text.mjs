// Lets TypeScript import a style sheet as a minified string: shadow roots adopt text, not files.
import { readFile } from 'node:fs/promises';
import { transform } from 'esbuild';

/** @param {string[]} target the browsers to lower the style sheet for */
export function cssAsText(target) {
  return {
    name: 'css-as-text',
    setup(build) {
      build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
        const source = await readFile(path, 'utf8');
        const { code } = await transform(source, { loader: 'css', minify: true, target });
        // esbuild leaves custom properties and the arguments of `:host()` as they were written.
        const contents = code
          .trim()
          .replace(/(--[\w-]+[:,]|\),) /g, '$1')
          .replace(/="(\w+)"\]/g, '=$1]');
        return { contents, loader: 'text' };
      });
    },
  };
}
