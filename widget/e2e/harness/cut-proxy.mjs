// A TCP proxy between page and server whose connections the test can break, as a train in a tunnel does.
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export async function startCutProxy(port) {
  const sockets = new Set();
  let broken = false;
  const server = createServer((near) => {
    if (broken) return near.destroy();
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ]) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    broken = true;
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** Breaks every connection, and new ones too until the line is mended. */
    cut,
    mend() {
      broken = false;
    },
    async stop() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
