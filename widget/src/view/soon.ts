// What is drawn waits for a frame, and no frame is kept waiting by much to draw: a whole history that comes at once is put on
// the page over several frames.

/** A frame has 16 ms, of which the page needs its own. */
const SHARE_MS = 6;

const jobs = new Set<() => void>();
let due = 0;

/** Does `job`, which may ask for itself again, in one of the next frames; once, however often it was asked for. */
export function soon(job: () => void): void {
  jobs.add(job);
  if (!due) due = requestAnimationFrame(work);
}

function work(): void {
  const end = performance.now() + SHARE_MS;
  due = 0;
  // A job that asks for itself again comes last, and still in this frame if there is time.
  for (const job of jobs) {
    if (performance.now() > end) {
      soon(job);
      return;
    }
    jobs.delete(job);
    job();
  }
}
