// Light or dark: as the system, unless the reader chose. What was chosen is kept in this browser.

export type Theme = "system" | "light" | "dark";

const KEPT = "indelible.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === "light" || kept === "dark" ? kept : "system";
}

function apply(): void {
  const chosen = chosenTheme();
  document.documentElement.dataset["theme"] = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") {
    localStorage.removeItem(KEPT);
  } else {
    localStorage.setItem(KEPT, theme);
  }
  apply();
}

export function startTheme(): void {
  dark.addEventListener("change", apply);
  apply();
}
