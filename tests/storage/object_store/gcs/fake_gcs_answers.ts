/** An answer as JSON. */
export function jsonAnswer(value: unknown): Response {
  return Response.json(value);
}

/** What went wrong, as Google says it. */
export function errorAnswer(code: number, reason: string, message: string): Response {
  const error = { code, message, errors: [{ domain: "global", reason, message }] };
  return Response.json({ error }, { status: code });
}
