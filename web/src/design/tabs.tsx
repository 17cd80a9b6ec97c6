import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";

export interface TabSpec {
  name: string;
  label: ComponentChildren;
  panel: () => ComponentChildren;
}

export interface TabsProps {
  id: string;
  label: string;
  tabs: readonly TabSpec[];
  selected: string;
  onSelect: (name: string) => void;
}

/** Tabs after the pattern of the ARIA practices: arrow keys move between them, and moving selects. */
export function Tabs({ id, label, tabs, selected, onSelect }: TabsProps) {
  const list = useRef<HTMLDivElement>(null);
  const current = tabs.find((tab) => tab.name === selected) ?? tabs[0]!;
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      const at = (tabs.indexOf(current) + step + tabs.length) % tabs.length;
      onSelect(tabs[at]!.name);
      (list.current!.children[at] as HTMLElement).focus();
    }
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map((tab) => (
          <button
            key={tab.name} type="button" role="tab" id={`${id}-tab-${tab.name}`} class="tab" aria-controls={`${id}-panel`}
            aria-selected={tab === current} tabIndex={tab === current ? 0 : -1} onClick={() => onSelect(tab.name)}
          >{tab.label}</button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${current.name}`} tabIndex={0}>{current.panel()}</div>
    </>
  );
}
