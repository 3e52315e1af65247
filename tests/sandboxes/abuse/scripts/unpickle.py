# Loads what another execution left: it may do whatever a script may, and no more.
import os, pickle

with open("bomb.pkl", "rb") as file:
    print("ended with", pickle.load(file), os.path.exists("pickle-ran"))
