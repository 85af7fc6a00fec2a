import Testing
import Workbench

@Suite("Strategy tests: JUnit, TAP, JSON")
struct ReportTests {
  private var report: TestReport {
    var report = TestReport()
    report.results = [
      TestReport.Result(file: "a_test.lua", line: 2, name: "is <well> & \"so\"", outcome: .passed),
      TestReport.Result(
        file: "a_test.lua",
        line: 5,
        name: "fails #1",
        outcome: .failed("a_test.lua:6: expected 1 < 2\n  got: \u{1}")
      ),
      TestReport.Result(file: "b_test.lua", line: 1, name: "later", outcome: .pending(nil)),
      TestReport.Result(file: "b_test.lua", line: 3, name: "no", outcome: .pending("why\nnot")),
    ]
    report.results[0].duration = .milliseconds(12)
    report.results[1].duration = .microseconds(1_500_400)
    return report
  }

  @Test("JUnit's XML to the letter")
  func junit() {
    #expect(
      report.junit == """
        <?xml version="1.0" encoding="UTF-8"?>
        <testsuites name="pointsman" tests="4" failures="1" skipped="2" time="1.512">
          <testsuite name="a_test.lua" tests="2" failures="1" skipped="0" time="1.512">
            <testcase classname="a_test.lua" name="is &lt;well&gt; &amp; &quot;so&quot;" \
        file="a_test.lua" line="2" time="0.012"/>
            <testcase classname="a_test.lua" name="fails #1" file="a_test.lua" line="5" \
        time="1.500">
              <failure message="a_test.lua:6: expected 1 &lt; 2">a_test.lua:6: expected 1 &lt; 2
          got: \u{FFFD}</failure>
            </testcase>
          </testsuite>
          <testsuite name="b_test.lua" tests="2" failures="0" skipped="2" time="0.000">
            <testcase classname="b_test.lua" name="later" file="b_test.lua" line="1" time="0.000">
              <skipped/>
            </testcase>
            <testcase classname="b_test.lua" name="no" file="b_test.lua" line="3" time="0.000">
              <skipped message="why
        not"/>
            </testcase>
          </testsuite>
        </testsuites>

        """
    )
  }

  @Test("TAP to the letter")
  func tap() {
    #expect(
      report.tap == """
        TAP version 14
        1..4
        ok 1 - a_test.lua: is <well> & "so"
        not ok 2 - a_test.lua: fails \\#1
          ---
          at: a_test.lua:5
          message: |
            a_test.lua:6: expected 1 < 2
              got: \u{1}
          ...
        ok 3 - b_test.lua: later # SKIP to be written
        ok 4 - b_test.lua: no # SKIP why not

        """
    )
  }

  @Test("JSON to the letter")
  func json() {
    var report = report
    report.results.removeFirst(2)
    report.coverage = TestBench.coverageOfTwoLines
    #expect(
      report.json(took: .milliseconds(250)) == """
        {"passed":0,"failed":0,"pending":2,"seconds":0.25,"tests":[\
        {"file":"b_test.lua","line":1,"name":"later","outcome":"pending","seconds":0},\
        {"file":"b_test.lua","line":3,"name":"no","outcome":"pending","message":"why\\nnot",\
        "seconds":0}],\
        "coverage":{"lines":50.0,"outcomes":0.0,"files":[{"file":"strategies/s.lua",\
        "missing_lines":[2],"missing_outcomes":[{"line":2,"column":10,"target":"ANY"}]}]}}
        """
    )
  }
}

extension TestBench {
  /// A strategy of two lines of which one ran.
  static var coverageOfTwoLines: Coverage {
    var options = TestOptions()
    options.coverage = true
    let strategy = "return function(call)\n  return ANY\nend"
    let report = run("it('loads', function() world() end)", options, strategy: strategy)
    return report.coverage ?? Coverage()
  }
}
