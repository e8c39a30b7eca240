// The website that carries the widget: another origin than the chat server's, with whatever HTML and policy a test needs.
import { once } from 'node:events';
import { createServer } from 'node:http';

export async function startHostPages() {
  const pages = new Map();
  const server = createServer((request, response) => {
    const page = pages.get(request.url);
    if (!page) return response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', ...page.headers });
    response.end(page.html);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    /** Puts a page up and returns its address. */
    page({ head = '', body = '', headers = {} }) {
      const path = `/${pages.size}`;
      const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">${head}</head><body>${body}</body></html>`;
      pages.set(path, { html, headers });
      return origin + path;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
