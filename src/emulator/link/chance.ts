/**
 * Whether something happens to the next frame: the loss models of netem, and the correlated draws it uses for
 * everything else. Each is a function of a random stream; those with a memory are made anew for each direction of each
 * link.
 *
 * netem's correlation is an average of the last value and a fresh one, which is kept here as it is, because people
 * know its numbers: it makes the values less spread than uniform ones, so with correlation an event of probability p is
 * rarer than p below one half, and more frequent above. For bursts of loss the two Markov models say what they do.
 *
 * Sources: netem's sch_netem.c (Linux 6.12); Salsano, Ludovici, Ordine, "Definition of a general and intuitive loss
 * model for packet networks" (2009), from which netem has its four states.
 */
import type { Random } from '../../base/random.js'

/** Asked once per frame. */
export type Chance = (random: Random) => boolean

/** Uniform in [0, 1), or near to it. */
export type Draw = (random: Random) => number

/** Gilbert (1960) and Elliott (1963): two states, each with its own loss. */
export interface GilbertElliott {
  readonly kind: 'gilbert-elliott'
  /** Probability per frame of going from good to bad, netem's p. */
  readonly p: number
  /** Probability per frame of going from bad to good, netem's r. The mean stay is 1/r frames. */
  readonly r: number
  /** Probability that a frame is lost in the bad state: 1 - h. 1 is Gilbert's simplest model. */
  readonly lossInBad: number
  /** Probability that a frame is lost in the good state: 1 - k. */
  readonly lossInGood: number
}

/** netem's "4-state Markov": 1 good, 2 good within a burst, 3 lost within a burst, 4 a lone loss. */
export interface FourState {
  readonly kind: 'four-state'
  readonly p13: number
  readonly p31: number
  readonly p32: number
  readonly p23: number
  readonly p14: number
}

export type LossModel = GilbertElliott | FourState

/** @param rho 0 to 1: how much of the last value stays; 0 draws independently */
export function correlatedDraw(rho: number): Draw {
  if (rho === 0) return (random) => random.next()
  let last: number | undefined
  return (random) => {
    last ??= random.next()
    last = random.next() * (1 - rho) + last * rho
    return last
  }
}

/** Undefined when it can never happen: then nothing is drawn. */
export function chance(probability: number, rho: number): Chance | undefined {
  if (probability === 0) return undefined
  if (rho === 0) return (random) => random.next() < probability
  const draw = correlatedDraw(rho)
  return (random) => draw(random) < probability
}

export function lossChance(model: LossModel): Chance {
  return model.kind === 'gilbert-elliott' ? gilbertElliott(model) : fourState(model)
}

/** As netem: two draws a frame, first the transition, then the loss by the state that was left. */
function gilbertElliott({ p, r, lossInBad, lossInGood }: GilbertElliott): Chance {
  let bad = false
  return (random) => {
    const wasBad = bad
    bad = wasBad ? random.next() >= r : random.next() < p
    return random.next() < (wasBad ? lossInBad : lossInGood)
  }
}

/** As netem: one draw a frame decides the transition, the new state decides the loss. */
function fourState({ p13, p31, p32, p23, p14 }: FourState): Chance {
  let state: 1 | 2 | 3 | 4 = 1
  return (random) => {
    const value = random.next()
    switch (state) {
      case 1:
        state = value < p14 ? 4 : value < p14 + p13 ? 3 : 1
        break
      case 2:
        state = value < p23 ? 3 : 2
        break
      case 3:
        state = value < p32 ? 2 : value < p32 + p31 ? 1 : 3
        break
      case 4:
        state = 1
        break
    }
    return state >= 3
  }
}

/** @throws RangeError naming the probability that is none */
export function checkLossModel(model: LossModel): void {
  for (const [name, value] of Object.entries(model)) {
    if (name !== 'kind' && !(value >= 0 && value <= 1)) throw new RangeError(`impossible loss model, ${name}: ${value}`)
  }
  if (model.kind === 'four-state' && (model.p13 + model.p14 > 1 || model.p31 + model.p32 > 1)) {
    throw new RangeError('impossible loss model: the ways out of a state add up to more than 1')
  }
}
