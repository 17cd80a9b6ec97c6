// The columns whose values can be asked for, and what each asks for.

import { isEncrypted, type Row } from "../event/shape";

export interface Pivot {
  field: string;
  value: string;
}

export const COLUMNS = ["time", "actor", "action", "target", "outcome", "source"] as const;
export type Column = (typeof COLUMNS)[number];

export function pivotOf(row: Row, column: Column): Pivot | null {
  const of = (field: string, value: unknown): Pivot | null => (typeof value === "string" && value !== "" ? { field, value } : null);
  switch (column) {
    case "time":
      return null;
    case "actor":
      return of("actor.id", row.actorId);
    case "action":
      return of("action", row.action);
    case "target":
      return of("targets.id", row.target);
    case "outcome":
      return of("outcome", row.outcome);
    case "source":
      return typeof row.source === "string" && !isEncrypted(row.source) ? of("source.ip", row.source) : of("service.name", row.service);
  }
}
