export interface ProblemError {
  item?: number;
  pointer?: string;
  code?: string;
  detail?: string;
}

export interface ProblemDetails {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  errors?: ProblemError[];
}

/** An answer other than success, told as RFC 9457 problem details where the server gave them. */
export class Problem extends Error {
  readonly status: number;
  readonly kind: string;
  readonly title: string;
  readonly errors: readonly ProblemError[];

  constructor(status: number, details: ProblemDetails) {
    super(details.detail || details.title || `The server answered ${status}.`);
    this.status = status;
    this.kind = String(details.type ?? "").replace(/^urn:indelible:/, "");
    this.title = details.title ?? "";
    this.errors = Array.isArray(details.errors) ? details.errors : [];
  }
}

/** The server could not be reached at all. */
export class Offline extends Error {}

export const isAbort = (error: unknown): boolean => error instanceof Error && error.name === "AbortError";
export const isProblem = (error: unknown, status?: number): error is Problem => error instanceof Problem && (status === undefined || error.status === status);
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where a query is wrong: characters from its start, as the server tells them in the problem's error. */
export interface QueryFault {
  position: number;
  length: number;
  message: string;
}

/** Reads the place of a fault out of a problem `invalid-query`; null where the problem is another. */
export function queryFault(error: unknown): QueryFault | null {
  if (!isProblem(error) || error.kind !== "invalid-query") {
    return null;
  }
  const parts = /^position (\d{1,6}), length (\d{1,6}): (.*)$/s.exec(error.errors[0]?.detail ?? "");
  return parts ? { position: Number(parts[1]), length: Number(parts[2]), message: parts[3] ?? "" } : null;
}
