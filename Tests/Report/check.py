#!/usr/bin/python3
"""The page of `pointsman dryrun --html` in headless Chromium.

    Tests/Report/check.py [--shots DIR]

Makes a recording and its page, opens it, searches, filters and opens a changed call; looks for
errors of scripts, for anything fetched from elsewhere, for text that sticks out on a phone.
`--shots` keeps screenshots: desktop, phone, dark, print. Ends with 1 when something is amiss.
"""
import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.environ.get("POINTSMAN", os.path.join(HERE, "../../.build/release/pointsman"))
DRIVER = "/usr/bin/chromedriver"
HOURS = "hour,calls\n8,80\n9,190\n10,280\n11,260\n12,200\n13,220\n14,250\n15,190\n16,140\n17,60\n"

failures = []


def check(what, holds):
    print(("ok    " if holds else "FAILS ") + what)
    if not holds:
        failures.append(what)


def run(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)}\n{done.stderr}")
    return done.stdout


def make(folder):
    """A day with two types of callers, and its page; the same as --json has it."""
    path = lambda name: os.path.join(folder, name)
    os.mkdir(path("new"))
    shutil.copy(os.path.join(HERE, "strategy.lua"), path("new/any.lua"))
    with open(path("hours.csv"), "w") as file:
        file.write(HOURS)
    run("simulate", "--arrivals", path("hours.csv"), "--service-mean", "150", "--agents", "10",
        "--type", "gold,share=1,patience=180", "--type", "usual,share=5,patience=90",
        "-o", path("day.jsonl"))
    words = ["dryrun", "--recording", path("day.jsonl"), "--strategies", path("new"),
             "--against", "recorded", "--changes", "200"]
    run(*words, "--html", path("day.html"))
    run("dryrun", "--recording", path("day.jsonl"), "--html", path("alone.html"))
    return path("day.html"), path("alone.html"), json.loads(run(*words, "--json"))


def browser(folder):
    options = webdriver.ChromeOptions()
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                 "--window-size=1280,1000", f"--user-data-dir={folder}/profile"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    return webdriver.Chrome(service=Service(DRIVER), options=options)


def requested(driver):
    """What the page asked for, apart from itself."""
    found = []
    for entry in driver.get_log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            found.append(message["params"]["request"]["url"])
    return [url for url in found if not url.startswith(("file:", "data:", "chrome"))]


def rows(driver):
    return driver.find_elements(By.CSS_SELECTOR, "#changes details")


def try_page(driver, report):
    text = driver.find_element(By.TAG_NAME, "body").text
    changes = report["changes"]
    check("the heading names both sides", "A against B" in text)
    level = 100 * report["a"]["intervals"]["service_level_share"]["estimate"]
    sentence = driver.find_element(By.ID, "sentence").text
    check(f"the sentence says {level:.1f} %", f"{level:.1f} %" in sentence)
    print("      " + sentence)
    painted = driver.execute_script(
        "return [...document.querySelectorAll('canvas')].map((c) => new Set("
        "c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size > 8)")
    check("six plots are painted", painted == [True] * 6)
    check("fifty calls are shown at first", len(rows(driver)) == 50)
    driver.find_element(By.ID, "more").click()
    check("fifty more on demand", len(rows(driver)) == 100)

    search = driver.find_element(By.ID, "search")
    wanted = changes[120]
    search.send_keys(wanted["call"])
    found = [row.get_attribute("data-call") for row in rows(driver)]
    # A call is named in the records of those that overtook it too.
    check("the search finds a call", wanted["call"] in found and len(found) < 20)
    row = next(row for row in rows(driver) if row.get_attribute("data-call") == wanted["call"])
    row.find_element(By.TAG_NAME, "summary").click()
    driver.implicitly_wait(2)
    traces = [pre.text for pre in row.find_elements(By.TAG_NAME, "pre")]
    check("a changed call opens with both decision records",
          [text.split("\n")[0] for text in traces]
          == [wanted["a"]["why"][0], wanted["b"]["why"][0]])
    check("they are complete",
          [len(text.split("\n")) for text in traces]
          == [len(wanted["a"]["why"]), len(wanted["b"]["why"])])
    search.clear()
    search.send_keys("no such thing")
    check("nothing found is said", "No call matches" in driver.find_element(By.ID, "shown").text)
    search.clear()
    search.send_keys("nobody in time")
    by_text = sum("nobody in time" in "\n".join(c["a"]["why"] + c["b"]["why"]) for c in changes)
    check("the search looks into decision records",
          f"of {by_text} shown" in driver.find_element(By.ID, "shown").text)
    search.clear()
    search.send_keys(" ")

    for word in ("end", "target", "wait"):
        Select(driver.find_element(By.ID, "what")).select_by_value(word)
        count = sum(word in change["what"] for change in changes)
        shown = driver.find_element(By.ID, "shown").text
        expected = f"of {count} shown" if count else "No call matches"
        check(f"the filter \"{word}\" leaves {count} calls", expected in shown)
    Select(driver.find_element(By.ID, "group")).select_by_value("gold")
    count = sum("wait" in c["what"] and c["group"] == "gold" for c in changes)
    check(f"with gold callers only, {count}",
          f"of {count} shown" in driver.find_element(By.ID, "shown").text)
    Select(driver.find_element(By.ID, "what")).select_by_value("")
    Select(driver.find_element(By.ID, "group")).select_by_value("")
    Select(driver.find_element(By.ID, "order")).select_by_value("at")
    first = min(changes, key=lambda change: change["at"])
    check("the order by time begins with the first call",
          rows(driver)[0].get_attribute("data-call") == first["call"])


def try_keyboard(driver):
    row = rows(driver)[1]
    driver.execute_script("arguments[0].focus()", row.find_element(By.TAG_NAME, "summary"))
    driver.switch_to.active_element.send_keys("\ue007")
    check("a call opens by keyboard", row.get_attribute("open") is not None)


def shots(driver, folder, page):
    def shoot(name, width, height):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        driver.get("file://" + page)
        rows(driver)[0].find_element(By.TAG_NAME, "summary").click()
        shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        if folder:
            with open(os.path.join(folder, name + ".png"), "wb") as file:
                file.write(base64.b64decode(shot["data"]))
        return driver.execute_script(
            "return document.documentElement.scrollWidth - innerWidth")

    def media(kind, scheme):
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": kind, "features": features})

    media("screen", "light")
    check("nothing sticks out on a desktop", shoot("desktop", 1280, 2300) <= 0)
    check("nothing sticks out on a phone", shoot("phone", 390, 4200) <= 0)
    media("screen", "dark")
    shoot("dark", 1280, 2300)
    dark = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    check("dark mode is dark", dark == "rgb(21, 24, 28)")
    media("print", "dark")
    shoot("print", 800, 2600)
    paper = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    check("paper is white, whatever the screen is", paper == "rgb(255, 255, 255)")
    hidden = driver.find_element(By.ID, "filter").is_displayed()
    check("what cannot be clicked on paper is left out", not hidden)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--shots", metavar="DIR")
    arguments = parser.parse_args()
    if arguments.shots:
        os.makedirs(arguments.shots, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        page, alone, report = make(folder)
        driver = browser(folder)
        try:
            driver.get("file://" + page)
            try_page(driver, report)
            try_keyboard(driver)
            shots(driver, arguments.shots, page)
            driver.get("file://" + alone)
            hidden = driver.find_element(By.ID, "changes-section").is_displayed()
            check("a page of one side has no changes", not hidden)
            errors = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
            check(f"no script complains {errors or ''}", not errors)
            asked = requested(driver)
            check(f"nothing is fetched {asked or ''}", not asked)
        finally:
            driver.quit()
    print(f"{len(failures)} failed" if failures else "all well")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
