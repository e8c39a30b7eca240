// What the script tag's data attributes say. Pure: takes the element's dataset, so that it can be tested without a page.

export interface Config {
  /** Where messages are posted; relative addresses are the page's. */
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly title: string;
  readonly welcome: string;
  readonly placeholder: string;
  readonly position: 'left' | 'right';
  /** As written by the owner; `accent.ts` decides whether it is a colour. */
  readonly accent: string;
}

/** What is wrong with the tag, each to be read after "its script tag". */
export interface Faulty {
  readonly faults: readonly string[];
}

type Dataset = Readonly<Record<string, string | undefined>>;

/** Reads the tag on a page whose addresses are relative to `base`. */
export function readConfig(dataset: Dataset, base: string): Config | Faulty {
  const value = (name: string, fallback = '') => dataset[name]?.trim() || fallback;
  const apiUrl = value('apiUrl');
  const apiKey = value('apiKey');
  const faults: string[] = [];
  if (!apiUrl) faults.push('has no data-api-url');
  else if (!isAddress(apiUrl, base)) faults.push('has a data-api-url that is no address');
  if (!apiKey) faults.push('has no data-api-key');
  else if (!/^[\x21-\x7e]+$/.test(apiKey))
    faults.push('has a data-api-key with blanks or letters that no key has');
  if (faults.length > 0) return { faults };
  return {
    apiUrl,
    apiKey,
    title: value('title', 'Assistant'),
    welcome: value('welcomeMessage', 'Hi! Ask me anything and I will help you out.'),
    placeholder: value('inputPlaceholder', 'Type your message...'),
    position: value('position') === 'left' ? 'left' : 'right',
    accent: value('accentColor'),
  };
}

function isAddress(url: string, base: string): boolean {
  try {
    return /^https?:$/.test(new URL(url, base).protocol);
  } catch {
    return false;
  }
}
