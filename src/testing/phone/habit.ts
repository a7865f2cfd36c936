import type { Phone } from './phone.ts'

/** Thrown at a habit that goes on after another call has come: it has nothing left to do. */
export class FollowedError extends Error {
  override readonly name = 'FollowedError'
}

/**
 * The phone as the habit of one call sees it. Once another call has come, its own is over: `state` says IDLE, and whatever
 * it wants the phone to do throws {@link FollowedError}, so that it neither speaks nor hangs up in the call after.
 */
export function phoneOfCall(phone: Phone, isFollowed: () => boolean): Phone {
  return new Proxy(phone, {
    get(target, key) {
      if (key === 'state' && isFollowed()) return 'IDLE'
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return (...parameters: unknown[]): unknown => {
        if (isFollowed()) throw new FollowedError(`${target.name} is in another call`)
        return Reflect.apply(value, target, parameters)
      }
    },
  })
}
