for step in range(8):
    print("step", step, flush=True)
    log(step, {"loss": 1 / (step + 1), "odd": float("nan")}, run=pathlib.Path(sys.argv[0]).stem)
    time.sleep(0.05)
text("data/work.json", json.dumps({"steps": 8}))
