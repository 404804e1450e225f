/** All series. Within a family the first whose `runs` says yes is taken, so special releases stand before the rest. */
import { SERIES_1600 } from './1600.js'
import { SERIES_4600 } from './4600.js'
import { SERIES_4600_BEFORE_R2_2 } from './4600-before-r2-2.js'
import { SERIES_96X0 } from './96x0.js'
import { SERIES_96X1 } from './96x1.js'

export const ALL_SERIES = [SERIES_1600, SERIES_4600_BEFORE_R2_2, SERIES_4600, SERIES_96X0, SERIES_96X1] as const
