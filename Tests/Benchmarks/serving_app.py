"""The same answer as `identity:BYTES` gives, as most people would write it: FastAPI, run by uvicorn."""

from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()


class Prediction(BaseModel):
    inputs: str


@app.post("/predictions/{model}")
async def predict(model: str, prediction: Prediction):
    return {"outputs": [prediction.inputs]}


@app.get("/ping")
async def ping():
    return {"status": "Healthy"}
