// What a failure is called: plain words without causes for the visitor, the place to look at for the site's owner.

import type { Config } from './config';
import type { Outcome } from './transport';

/** What the owner has to look at, by the status. */
const CAUSES: Readonly<Record<number | string, string>> = {
  cut: 'data-api-url, CORS_ORIGIN, connect-src',
  401: 'data-api-key',
  403: 'CORS_ORIGIN',
  404: 'data-api-url',
  405: 'data-api-url',
};

/** The name of the text that the visitor reads; what only the owner can change is told in the console. */
export function nameOfFailure({ status }: Outcome, { apiUrl }: Config): string {
  if (CAUSES[status]) console.error(`Open Chat Widget: ${apiUrl}: ${status}: check ${CAUSES[status]}`);
  if (status === 429) return 'limit';
  return status === 'cut' ? 'unreachable' : 'failed';
}
