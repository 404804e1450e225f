import { describe, expect, it } from 'vitest'
import { Process, wait, type Steps } from '../../../src/emulator/phones/process.js'

describe('Process', () => {
  it('goes on with what a wait resumes with, now or later, in order', () => {
    const seen: unknown[] = []
    let later: ((value: string) => void) | undefined
    function* steps(): Steps<void> {
      seen.push(
        yield* wait<number>((resume) => {
          resume(1)
          return undefined
        }),
      )
      seen.push(
        yield* wait<string>((resume) => {
          later = resume
          return undefined
        }),
      )
    }
    const process = new Process(steps())
    process.start()
    expect(seen).toEqual([1])
    later!('two')
    expect(seen).toEqual([1, 'two'])
    expect(process.isOver).toBe(true)
    later!('again')
    expect(seen.length).toBe(2)
  })

  it('does not go deeper with each wait that ends at once', () => {
    let sum = 0
    function* steps(): Steps<void> {
      for (let index = 0; index < 200_000; index++) {
        sum += yield* wait<number>((resume) => {
          resume(1)
          return undefined
        })
      }
    }
    new Process(steps()).start()
    expect(sum).toBe(200_000)
  })

  it('calls off what it waits for when cancelled, and never goes on', () => {
    let calledOff = 0
    let resume: ((value: number) => void) | undefined
    let went = false
    function* steps(): Steps<void> {
      yield* wait<number>((given) => {
        resume = given
        return () => calledOff++
      })
      went = true
    }
    const process = new Process(steps())
    process.start()
    process.cancel()
    process.cancel()
    resume!(1)
    expect([calledOff, went, process.isOver]).toEqual([1, false, true])
  })

  it('can be cancelled from within', () => {
    let after = false
    function* steps(): Steps<void> {
      yield* wait<void>((resume) => {
        process.cancel()
        resume()
        return undefined
      })
      after = true
    }
    const process = new Process(steps())
    process.start()
    expect(after).toBe(false)
  })
})
