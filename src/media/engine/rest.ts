/** When what rests from `mediaMs` on is visited again, in media time: all at once, so that one look tells whether anything came. */
export function endOfRest(mediaMs: number): number {
  return mediaMs - (mediaMs % REST_MS) + REST_MS
}

/** Half a second. */
const REST_MS = 500
