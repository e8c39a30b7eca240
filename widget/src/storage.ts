// Local storage that never throws. Browsers that block cookies throw on the mere mention of `localStorage`, and a full
// store throws on writing; what cannot be stored is remembered until the page goes.

export interface Store {
  get(key: string): string | null;
  set(key: string, value: string): void;
}

export function openStore(): Store {
  const remembered: Record<string, string> = {};
  return {
    get(key) {
      try {
        return remembered[key] ?? localStorage.getItem(key);
      } catch {
        return null;
      }
    },
    set(key, value) {
      try {
        localStorage.setItem(key, value);
        delete remembered[key];
      } catch {
        remembered[key] = value;
      }
    },
  };
}
