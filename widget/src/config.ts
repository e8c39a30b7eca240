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

/** The required attributes that are absent or empty, by their names in HTML. */
export interface Incomplete {
  readonly missing: readonly string[];
}

type Dataset = Readonly<Record<string, string | undefined>>;

export function readConfig(dataset: Dataset): Config | Incomplete {
  const value = (name: string, fallback = '') => dataset[name]?.trim() || fallback;
  const apiUrl = value('apiUrl');
  const apiKey = value('apiKey');
  if (!apiUrl || !apiKey) {
    return { missing: [...(apiUrl ? [] : ['data-api-url']), ...(apiKey ? [] : ['data-api-key'])] };
  }
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
