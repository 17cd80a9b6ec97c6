import { useState } from "preact/hooks";
import type { Asked } from "../api/logs";
import { exportUrl } from "../api/logs";
import { Button } from "../design/controls";
import { Dialog } from "../design/layers";
import { explore, states } from "../text/en";

export function HelpDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog id="help" title={explore.help} onClose={onClose}>
      <dl class="keys">
        {explore.keys.map(([keys, words]) => <><dt>{keys.split(" ").map((key) => <><kbd>{key}</kbd> </>)}</dt><dd>{words}</dd></>)}
      </dl>
      <div class="line"><Button onClick={onClose}>{states.close}</Button></div>
    </Dialog>
  );
}

const text = explore.exportDialog;

export function ExportDialog({ log, asked, isAllowed, onClose }: { log: string; asked: Asked; isAllowed: boolean; onClose: () => void }) {
  const [format, setFormat] = useState(text.formats[0]![0]);
  return (
    <Dialog id="export" title={text.title} onClose={onClose}>
      <p class="dim">{isAllowed ? text.words(log) : text.denied}</p>
      {isAllowed && (
        <>
          <label for="export-format">{text.format}</label>
          <select id="export-format" class="select" value={format} onChange={(event) => setFormat(event.currentTarget.value)}>
            {text.formats.map(([name, label]) => <option key={name} value={name}>{label}</option>)}
          </select>
        </>
      )}
      <div class="line">
        {isAllowed && <a class="button primary" href={exportUrl(log, asked, format)} download="" onClick={onClose}>{text.download}</a>}
        <Button onClick={onClose}>{states.close}</Button>
      </div>
    </Dialog>
  );
}
