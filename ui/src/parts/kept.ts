// What this browser keeps of the page. It may forbid that: then all is chosen again each time.

export function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function keep(key: string, text: string): void {
  try {
    localStorage.setItem(key, text);
  } catch {
    console.info("this browser keeps no settings of the page");
  }
}
