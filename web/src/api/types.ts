export interface Session {
  principal: string;
  expires: string;
  idle_s: number;
}

export interface LogRights {
  name: string;
  rights: string[];
}

export interface Me {
  principal: string;
  credential: string;
  logs: LogRights[];
}

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** An entry as it was logged. Written by strangers: no member can be relied on to be there or to be of its type. */
export type Entry = { [name: string]: Json };

export interface Total {
  value: number;
  exact: boolean;
}

export interface Masked {
  pointers: string[];
  revealed: "on_request" | "never";
}

export interface Item {
  index: number;
  leaf_hash?: string;
  entry: Entry;
  personal?: Record<string, Json>;
  masked?: Masked;
}

export interface SearchAnswer {
  as_of: number;
  total: Total | null;
  items: Item[];
  next: string | null;
  indexed: number;
  notices: string[];
  query: string;
}

export interface TimeCount {
  from: string;
  count: number;
}

export interface ValueCount {
  value: string;
  count: number;
}

export interface CountsAnswer {
  as_of: number;
  total: Total;
  counted_from: number;
  interval_seconds: number;
  histogram: TimeCount[];
  untimed: number;
  values?: ValueCount[];
  other_values?: number;
  distinct?: number;
  values_exact?: boolean;
  indexed: number;
  notices: string[];
  query: string;
}

export interface ContextGroup {
  kind: string;
  id: string;
  type?: string;
  query: string;
  total: Total;
  before: Item[];
  after: Item[];
}

export interface ContextLink {
  kind: string;
  id: string;
  query: string;
  total: Total;
  items: Item[];
}

export interface ContextAnswer {
  as_of: number;
  groups: ContextGroup[];
  links: ContextLink[];
  notices: string[];
}

export interface Opening {
  pointer: string;
  r: string;
  value: Json;
}
