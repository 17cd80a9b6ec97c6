import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

export interface DialogProps {
  id: string;
  title: ComponentChildren;
  onClose?: (() => void) | undefined;
  children: ComponentChildren;
}

/** A modal dialog, open as long as it is rendered. Without `onClose` there is no way around it. */
export function Dialog({ id, title, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);

  // Before it is drawn: a key that comes faster than that is the dialog's already.
  useLayoutEffect(() => {
    const node = dialog.current!;
    node.showModal();
    return () => node.close();
  }, []);
  return (
    <dialog
      ref={dialog} id={id} class="dialog" aria-labelledby={`${id}-title`}
      onCancel={(event) => {
        event.preventDefault();
        onClose?.();
      }}
      onClick={(event) => event.target === dialog.current && onClose?.()}
    >
      <div class="dialog-body">
        <h2 id={`${id}-title`}>{title}</h2>
        {children}
      </div>
    </dialog>
  );
}

export interface DrawerProps {
  id: string;
  labelledBy: string;
  children: ComponentChildren;
}

/** A panel beside a list; on narrow screens it covers it. */
export function Drawer({ id, labelledBy, children }: DrawerProps) {
  return <aside id={id} class="drawer" aria-labelledby={labelledBy} tabIndex={-1}>{children}</aside>;
}

/** Something that opens under its button, and closes by Escape, or when one goes elsewhere. */
export function Popover({ button, children }: { button: (open: boolean, toggle: () => void) => ComponentChildren; children: (close: () => void) => ComponentChildren }) {
  const [isOpen, setOpen] = useState(false);
  const anchor = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) {
      return undefined;
    }
    const leave = (event: Event) => !anchor.current!.contains(event.target as Node) && setOpen(false);
    addEventListener("pointerdown", leave);
    addEventListener("focusin", leave);
    return () => {
      removeEventListener("pointerdown", leave);
      removeEventListener("focusin", leave);
    };
  }, [isOpen]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Escape" && isOpen) {
      event.stopPropagation();
      setOpen(false);
      anchor.current!.querySelector("button")?.focus();
    }
  };
  return (
    <div class="popover-anchor" ref={anchor} onKeyDown={onKeyDown}>
      {button(isOpen, () => setOpen(!isOpen))}
      {isOpen && <div class="popover">{children(() => setOpen(false))}</div>}
    </div>
  );
}
