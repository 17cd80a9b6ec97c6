import { useState } from "preact/hooks";
import { app } from "../text/en";
import { chooseTheme, chosenTheme, type Theme } from "./theme";

const THEMES: readonly Theme[] = ["system", "light", "dark"];

export function ThemeChoice() {
  const [chosen, setChosen] = useState(chosenTheme());
  const choose = (theme: Theme) => {
    chooseTheme(theme);
    setChosen(theme);
  };
  return (
    <fieldset class="choice">
      <legend>{app.theme.label}</legend>
      {THEMES.map((theme) => (
        <label key={theme}><input type="radio" name="theme" checked={theme === chosen} onChange={() => choose(theme)} />{app.theme[theme]}</label>
      ))}
    </fieldset>
  );
}
