#!/usr/bin/env python3
"""Runs pymoo's and Optuna's searches on a landscape that `elsa benchmark search --serve` measures."""
import argparse
import json
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

POPULATION = 50


class Server:
  """A landscape of a seed, and what a search has found of it at some counts of evaluations."""

  def __init__(self, command, budgets):
    self.process = subprocess.Popen(
      command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    self.problem = json.loads(self.process.stdout.readline())
    self.budgets, self.count, self.shares = budgets, 0, {}

  def ask(self, message):
    self.process.stdin.write(json.dumps(message) + "\n")
    self.process.stdin.flush()
    answer = json.loads(self.process.stdout.readline())
    if "error" in answer:
      raise ValueError(answer["error"])
    return answer

  def measure(self, genes):
    """Returns accuracy and throughput; searches go on regardless of budgets, so one run has all."""
    if self.count >= self.budgets[-1]:
      return None
    answer = self.ask({"genome": [int(gene) for gene in genes]})
    self.count += 1
    if self.count in self.budgets:
      self.shares[self.count] = self.ask({"report": True})["share"]
    return answer["accuracy"], answer["throughput"]

  def close(self):
    self.process.stdin.close()
    self.process.wait()


def pymoo_nsga2(server, seed):
  import numpy as np
  from pymoo.algorithms.moo.nsga2 import NSGA2
  from pymoo.core.problem import ElementwiseProblem
  from pymoo.operators.crossover.sbx import SBX
  from pymoo.operators.mutation.pm import PM
  from pymoo.operators.repair.rounding import RoundingRepair
  from pymoo.operators.sampling.rnd import IntegerRandomSampling
  from pymoo.optimize import minimize

  choices = server.problem["choices"]

  class Landscape(ElementwiseProblem):
    def __init__(self):
      super().__init__(n_var=len(choices), n_obj=2, xl=0, xu=np.array(choices) - 1, vtype=int)

    def _evaluate(self, x, out, *args, **kwargs):
      found = server.measure(x) or (0, 0)
      out["F"] = [-found[0], -found[1]]

  # Operators as pymoo's documentation has them for integers.
  algorithm = NSGA2(
    pop_size=POPULATION, sampling=IntegerRandomSampling(),
    crossover=SBX(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
    mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
    eliminate_duplicates=True)
  minimize(Landscape(), algorithm, ("n_eval", server.budgets[-1]), seed=seed)


def optuna_study(server, sampler):
  import optuna
  optuna.logging.set_verbosity(optuna.logging.ERROR)
  study = optuna.create_study(directions=["maximize", "maximize"], sampler=sampler)

  def objective(trial):
    return server.measure(
      [trial.suggest_int(f"g{gene}", 0, count - 1)
       for gene, count in enumerate(server.problem["choices"])])

  study.optimize(objective, n_trials=server.budgets[-1])


def optuna_nsga2(server, seed):
  import optuna
  optuna_study(server, optuna.samplers.NSGAIISampler(population_size=POPULATION, seed=seed))


def optuna_tpe(server, seed):
  import optuna
  optuna_study(server, optuna.samplers.TPESampler(seed=seed))


METHODS = {"pymoo-nsga2": pymoo_nsga2, "optuna-nsga2": optuna_nsga2, "optuna-tpe": optuna_tpe}


def main():
  parser = argparse.ArgumentParser(description=__doc__)
  parser.add_argument("--elsa", default="elsa", help="the program")
  parser.add_argument("--landscape", default="deit-tiny")
  parser.add_argument("--genes", type=int, default=48)
  parser.add_argument("--images", type=int, default=450)
  parser.add_argument("--budgets", default="50,100,200,300,400,700,1000")
  parser.add_argument("--seeds", type=int, default=10)
  parser.add_argument("--methods", default=",".join(METHODS))
  parser.add_argument("--jobs", type=int, default=2, help="runs at once")
  options = parser.parse_args()
  budgets = sorted(int(budget) for budget in options.budgets.split(","))
  for name in options.methods.split(","):
    if name not in METHODS:
      sys.exit(f"--methods has \"{name}\"; known are {', '.join(METHODS)}")

    def run(seed):
      server = Server(
        [options.elsa, "benchmark", "search", "--landscape", options.landscape, "--genes",
         str(options.genes), "--images", str(options.images), "--serve", str(seed)], budgets)
      METHODS[name](server, seed)
      server.close()
      return server.shares

    with ThreadPoolExecutor(options.jobs) as pool:
      runs = list(pool.map(run, range(1, options.seeds + 1)))
    for budget in budgets:
      shares = sorted(shares[budget] for shares in runs if budget in shares)
      if not shares:
        continue
      quartiles = (statistics.quantiles(shares, n=4, method="inclusive")
                   if len(shares) > 1 else shares * 3)
      print(json.dumps({
        "landscape": options.landscape, "method": name, "evaluations": budget,
        "median": quartiles[1], "lowerQuartile": quartiles[0], "upperQuartile": quartiles[2]}),
        flush=True)


if __name__ == "__main__":
  main()
