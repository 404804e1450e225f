/**
 * Letting Node-shaped code finish what an event began, before virtual time goes on.
 *
 * Such code goes on in ticks and promises, which are drained at once and synchronously, and in work that only the real
 * event loop can finish: Immediates of Node's own internals, files, name look-ups. While any of that is outstanding
 * the clock has to stand still and the loop to take real turns.
 *
 * Node drains its ticks and promises between macrotasks, by `process._tickCallback`: undocumented, but there since
 * Node 0.10. Calling it costs a fifth of a real turn. Without it every settling takes a real turn. It must be called
 * from a macrotask: inside a promise job, promises do not run.
 *
 * What is outstanding is read from process.getActiveResourcesInfo(), less what was there when this module was loaded
 * and has not ended since: that belongs to the process. Sockets and timers do not count, they wait for others.
 *
 * Not seen there, so that whoever starts it has to hold the clock (Clock.hold): zlib and crypto in the thread pool.
 */

/** Node's drain. Public only in so far as it has a name. */
interface NodeProcess {
  readonly _tickCallback?: () => void
}

/** Whether this Node can drain at once. Where it is false runs are right but slower. */
export function drainsAtOnce(): boolean {
  return typeof (process as unknown as NodeProcess)._tickCallback === 'function'
}

/** Kinds of outstanding work, as getActiveResourcesInfo() names them, and how many belong to the process. */
const processOwn = new Map<string, number>()

for (const kind of process.getActiveResourcesInfo()) {
  if (isWork(kind)) processOwn.set(kind, (processOwn.get(kind) ?? 0) + 1)
}

/** Immediates, and requests with one answer. `ConnectWrap` and writes belong to sockets of the real machine. */
function isWork(kind: string): boolean {
  return (
    kind === 'Immediate' || kind.startsWith('FSReq') || kind === 'GetAddrInfoReqWrap' || kind === 'GetNameInfoReqWrap'
  )
}

/**
 * Runs all ticks and microtasks to the bottom. Only from a macrotask.
 *
 * @returns true when nothing real is outstanding; false asks for realTurn() and another try
 */
export function settleNow(): boolean {
  const drain = (process as unknown as NodeProcess)._tickCallback
  if (drain !== undefined) {
    drain.call(process)
    turned = true
  } else if (!turned) {
    // Only a real turn drains.
    return false
  }
  turned = drain !== undefined
  return !isWorkOutstanding()
}

/** Without _tickCallback: whether a real turn was taken since the last settling. */
let turned = false

function isWorkOutstanding(): boolean {
  const resources = process.getActiveResourcesInfo()
  if (processOwn.size === 0) {
    for (const kind of resources) if (isWork(kind)) return true
    return false
  }
  const counts = new Map<string, number>()
  for (const kind of resources) if (isWork(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  let outstanding = false
  for (const [kind, count] of counts) if (count > (processOwn.get(kind) ?? 0)) outstanding = true
  // What the process had at first and has finished does not come back.
  for (const [kind, own] of processOwn) {
    const count = Math.min(own, counts.get(kind) ?? 0)
    if (count === 0) processOwn.delete(kind)
    else processOwn.set(kind, count)
  }
  return outstanding
}

/** One turn of the real event loop: its pending Immediates and finished requests run. */
export function realTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
