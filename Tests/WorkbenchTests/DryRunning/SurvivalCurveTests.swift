import Testing
import Workbench

@Suite("Survival curves")
struct SurvivalCurveTests {
  private func observations(_ ends: [UInt64], cutOff: [UInt64]) -> [Observation] {
    let all =
      ends.map { Observation(duration: $0, isEnd: true) }
      + cutOff.map { Observation(duration: $0, isEnd: false) }
    return all.sorted { $0.duration == $1.duration ? $0.isEnd : $0.duration < $1.duration }
  }

  /// The share of draws longer than a duration, over a grid of chances.
  private func share(_ curve: SurvivalCurve, over limit: UInt64, beyond bound: UInt64 = 0) -> Double
  {
    let count = 10_000
    let longer = (0..<count).count { index in
      let drawn = curve.draw(beyond: bound, (Double(index) + 0.5) / Double(count))
      return drawn.map { $0 > limit } ?? true
    }
    return Double(longer) / Double(count)
  }

  @Test("Kaplan and Meier's estimate of a textbook sample")
  func textbook() {
    // The 6-MP group of Freireich et al. (1963), in weeks: S(6) 0.857, S(10) 0.753, S(23) 0.448.
    let curve = SurvivalCurve(
      observations(
        [6, 6, 6, 7, 10, 13, 16, 22, 23],
        cutOff: [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
      ),
      seed: nil
    )
    for (week, expected) in [
      (6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448),
    ] as [(UInt64, Double)] {
      #expect(abs(share(curve, over: week) - expected) < 0.001, "week \(week)")
    }
  }

  @Test("What is drawn is longer than what is known", arguments: [0, 5, 6, 9, 22, 23, 24, 100])
  func beyond(_ bound: UInt64) {
    let curve = SurvivalCurve(observations([6, 7, 22, 23], cutOff: [9, 20, 35]), seed: 7)
    for index in 0..<1_000 {
      let drawn = curve.draw(beyond: bound, (Double(index) + 0.5) / 1_000)
      #expect(drawn.map { $0 > bound } ?? true)
    }
  }

  @Test("Conditional draws follow the rest of the curve")
  func conditional() {
    let curve = SurvivalCurve(observations(Array(1...100), cutOff: []), seed: nil)
    #expect(abs(share(curve, over: 75, beyond: 50) - 0.5) < 0.01)
    #expect(share(curve, over: 100) == 0)
  }

  @Test("Nobody ever ended: it lasts for ever")
  func forever() {
    let curve = SurvivalCurve(observations([], cutOff: [5, 9]), seed: 1)
    #expect(curve.draw(beyond: 3, 0.5) == nil)
    #expect(SurvivalCurve([], seed: 1).draw(beyond: 0, 0.001) == nil)
  }

  @Test("Beyond the last watched end the hazard goes on: exponential patience stays exponential")
  func tail() {
    // Quantiles of an exponential of mean 100 s, all cut off at 40 s.
    let second = 1e9
    var ends: [UInt64] = []
    var cut: [UInt64] = []
    for index in 0..<20_000 {
      let chance = (Double(index) + 0.5) / 20_000
      let duration = UInt64(-100 * second * Elementary.log(chance))
      if duration < 40_000_000_000 { ends.append(duration) } else { cut.append(40_000_000_000) }
    }
    let curve = SurvivalCurve(observations(ends, cutOff: cut), atRiskMin: 20, seed: nil)
    for seconds in [20.0, 100, 200, 300] {
      let expected = Elementary.exp(-seconds / 100)
      #expect(abs(share(curve, over: UInt64(seconds * second)) - expected) < 0.01, "\(seconds) s")
    }
  }

  @Test("Each seed weighs the observations anew, the same seed in the same way")
  func seeds() {
    let all = observations(Array(1...200), cutOff: Array(50...250))
    let shares = (1...20).map { share(SurvivalCurve(all, seed: $0), over: 100) }
    #expect(Set(shares).count > 10)
    #expect(share(SurvivalCurve(all, seed: 3), over: 100) == shares[2])
    let plain = share(SurvivalCurve(all, seed: nil), over: 100)
    #expect(abs(shares.reduce(0, +) / 20 - plain) < 0.03)
  }
}

@Suite("Prediction intervals")
struct PredictionTests {
  @Test("One more value of five lies within Student's quantile of the spread and the mean's error")
  func five() throws {
    let interval = try #require(Interval(predictedBy: [1, 2, 3, 4, 5], isExact: false))
    #expect(interval.estimate == 3)
    #expect(abs(interval.half95 - 2.7764 * (2.5 * 1.2).squareRoot()) < 1e-9)
  }

  @Test("One value alone says nothing unless it is exact")
  func one() {
    #expect(Interval(predictedBy: [4], isExact: false) == nil)
    #expect(Interval(predictedBy: [4], isExact: true)?.half99 == 0)
    #expect(Interval(predictedBy: [], isExact: true) == nil)
  }
}
